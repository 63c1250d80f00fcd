"""What is to go wrong with one call, decided before anything is done."""

from collections import Counter
from dataclasses import dataclass
from math import exp
from typing import Final

from paybus.sandbox.draw import Draw
from paybus.sandbox.fault import APPLIES_TO, Fault, Operation
from paybus.sandbox.fault_settings import FaultSettings, magic_fault
from paybus.trades.money import Fen

_MAX_MET: Final = 1_000_000  # about 300 MB of codes that met a fault; above, all are forgotten


@dataclass(frozen=True, slots=True)
class Plan:
    """How long one call takes, what goes wrong with it, when queries see what it did."""

    latency_seconds: float = 0.0
    fault: Fault | None = None
    lag_seconds: float = 0.0
    late_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: `code` is its idempotency key, `amount_fen` None where there is none."""

    operation: Operation
    merchant_id: str
    code: str
    amount_fen: Fen | None = None


class Planner:
    """Plans calls by settings and seed. A code meets a fault once, so that repeating can help."""

    def __init__(self, seed: int, settings: FaultSettings) -> None:
        self._seed = seed
        self._met: Counter[tuple[str, ...]] = Counter()
        self.settings = settings

    def replace(self, settings: FaultSettings) -> None:
        """Go on with other settings; every code may meet its faults again."""
        self.settings = settings
        self._met.clear()

    def draw(self, *key: str) -> Draw:
        """Give chance for one key."""
        return Draw(self._seed, *key)

    def plan(self, subject: Subject) -> Plan:
        """Plan one call."""
        settings = self.settings
        draw = self.draw(subject.operation, subject.merchant_id, subject.code)
        fault = self._fault(subject, draw)
        lag = settings.late_seconds if fault is Fault.QUERY_LAG else settings.query_lag_seconds
        return Plan(self._latency_seconds(fault, draw), fault, lag, settings.late_seconds)

    def query_fault(self, merchant_id: str, code: str) -> Fault | None:
        """Plan a query, which only rules can spoil."""
        if not self.settings.rules:
            return None
        return self._fault(Subject("query", merchant_id, code), self.draw("query", merchant_id, code))

    def _latency_seconds(self, fault: Fault | None, draw: Draw) -> float:
        settings = self.settings
        if fault is Fault.SLOW:
            return settings.slow_ms / 1000
        if draw.tail < settings.tail_rate:
            return settings.tail_ms / 1000
        if settings.latency_spread:
            return settings.latency_ms / 1000 * exp(settings.latency_spread * draw.normal())
        return settings.latency_ms / 1000

    def _fault(self, subject: Subject, draw: Draw) -> Fault | None:
        fault, times = self._drawn(subject, draw)
        if fault is None:
            return None
        key = (subject.operation, subject.merchant_id, subject.code, fault)
        if self._met[key] >= times:
            return None
        if len(self._met) >= _MAX_MET:
            self._met.clear()
        self._met[key] += 1
        return fault

    def _drawn(self, subject: Subject, draw: Draw) -> tuple[Fault | None, int]:
        operation, settings = subject.operation, self.settings
        for rule in settings.rules:
            matches = rule.matches(operation, subject.merchant_id, subject.code, subject.amount_fen)
            if matches and draw.share < rule.rate:
                return rule.fault, rule.times
        if operation == "query":
            return None, 0
        magic = magic_fault(subject.code, subject.amount_fen) if settings.magic else None
        if magic is not None:
            return (magic if operation in APPLIES_TO[magic] else None), 1
        return self._by_rate(operation, draw), 1

    def _by_rate(self, operation: Operation, draw: Draw) -> Fault | None:
        below = 0.0
        for fault, rate in self.settings.rates.items():
            if operation in APPLIES_TO[fault]:
                below += rate
                if draw.fault < below:
                    return fault
        return None
