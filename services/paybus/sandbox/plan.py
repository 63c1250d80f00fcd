"""What is to go wrong with one call, decided before anything is done."""

from collections import Counter
from dataclasses import dataclass
from math import exp
from typing import Final

from paybus.sandbox.draw import Draw
from paybus.sandbox.fault import APPLIES_TO, Fault, FaultSettings, Operation
from paybus.trades.money import Fen

_MAX_SPOILT: Final = 1_000_000  # keys that met a fault; above, all are forgotten: memory matters more


@dataclass(frozen=True, slots=True)
class Plan:
    """How long one call takes and what goes wrong with it."""

    latency_seconds: float = 0.0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: `code` is its idempotency key, `amount_fen` None where there is none."""

    operation: Operation
    merchant_id: str
    code: str
    amount_fen: Fen | None = None


class Planner:
    """Plans calls by settings and seed. A key meets a fault once, so that repeating can help."""

    def __init__(self, seed: int, settings: FaultSettings) -> None:
        self._seed = seed
        self._met: Counter[tuple[str, ...]] = Counter()
        self.settings = settings

    def replace(self, settings: FaultSettings) -> None:
        """Go on with other settings; every key may meet its faults again."""
        self.settings = settings
        self._met.clear()

    def draw(self, *key: str) -> Draw:
        """Give chance for one key."""
        return Draw(self._seed, *key)

    def plan(self, subject: Subject) -> Plan:
        """Plan one call."""
        draw = self.draw(subject.operation, subject.merchant_id, subject.code)
        return Plan(self._latency_seconds(draw), self._fault(subject, draw))

    def _latency_seconds(self, draw: Draw) -> float:
        settings = self.settings
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
        if len(self._met) >= _MAX_SPOILT:
            self._met.clear()
        self._met[key] += 1
        return fault

    def _drawn(self, subject: Subject, draw: Draw) -> tuple[Fault | None, int]:
        for rule in self.settings.rules:
            matches = rule.matches(subject.operation, subject.merchant_id, subject.code, subject.amount_fen)
            if matches and draw.amount < rule.rate:
                return rule.fault, rule.times
        below = 0.0
        for fault, rate in self.settings.rates.items():
            if subject.operation in APPLIES_TO[fault]:
                below += rate
                if draw.fault < below:
                    return fault, 1
        return None, 0
