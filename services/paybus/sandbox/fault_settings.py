"""How the sandbox is told what to do wrong: everything that can change while it runs (docs/sandbox.md)."""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from paybus.sandbox.fault import APPLIES_TO, Fault, Operation
from paybus.trades.money import Fen

Rate = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=600_000)]  # ten minutes: no client waits longer
Seconds = Annotated[float, Field(ge=0, le=86_400)]  # a day: no test and no demonstration lasts longer
Spread = Annotated[float, Field(ge=0, le=3)]  # sigma 3: one in a hundred takes a thousand times the median

_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
_MAX_RULES = 1000  # each is tried for each call

MAGIC_PREFIX: Final = "FAULT-"
"""A code `FAULT-LOST_ANSWER-0001` meets the fault of that name."""

MAGIC_AMOUNTS: Final[Mapping[int, Fault]] = {9_000_001 + number: fault for number, fault in enumerate(Fault)}
"""Amounts (fen) that meet a fault: 90 000.01 yuan and up, which nobody asks for by chance."""


class Rule(BaseModel):
    """Let *fault* happen to the calls that match all that is given, at *rate*, *times* for each code.

    The code is CHARGE_CODE, of a refund OUT_REFUND_NO. A query meets only rules that name it.
    """

    model_config = _STRICT

    fault: Fault
    operation: Operation | None = None
    merchant_id: str | None = None
    code_prefix: str | None = None
    amount_fen: int | None = None
    rate: Rate = 1.0
    times: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.operation is not None and self.operation not in APPLIES_TO[self.fault]:
            raise ValueError(f"{self.fault} has no meaning for {self.operation}")
        return self

    def matches(self, operation: Operation, merchant_id: str, code: str, amount: Fen | None) -> bool:
        """Say whether the rule is about this call."""
        return (
            (self.operation == operation or (self.operation is None and operation != "query"))
            and operation in APPLIES_TO[self.fault]
            and self.merchant_id in {None, merchant_id}
            and (self.code_prefix is None or code.startswith(self.code_prefix))
            and (self.amount_fen is None or self.amount_fen == amount)
        )


class Outage(BaseModel):
    """A time in which nothing is carried out: HTTP 503, or the connection is reset.

    It begins *after_seconds* after the settings were given.
    """

    model_config = _STRICT

    after_seconds: Seconds = 0
    for_seconds: Seconds
    reset: bool = False


class ErrorQuota(BaseModel):
    """Who gets more than *most* error codes within *window_seconds* is banned for *ban_seconds*."""

    model_config = _STRICT

    most: Annotated[int, Field(ge=0, le=100_000)]  # times kept for each merchant
    window_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60
    ban_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60


class FaultSettings(BaseModel):
    """Everything that can be changed while the sandbox runs."""

    model_config = _STRICT

    latency_ms: Milliseconds = 0
    """Median time that a call which could move money takes."""
    latency_spread: Spread = 0
    """Sigma of the lognormal distribution around it; 0 makes it fixed."""
    tail_rate: Rate = 0
    """Share of calls that take `tail_ms` instead."""
    tail_ms: Milliseconds = 0
    query_latency_ms: Milliseconds = 0
    """Time that every other operation takes."""
    query_lag_seconds: Seconds = 0
    """How long new orders and refunds are invisible to queries."""
    slow_ms: Milliseconds = 20_000
    """What the fault `slow` takes: longer than the 15 s that clients wait for most operations."""
    late_seconds: Seconds = 5
    """How late late things are."""
    rates: dict[Fault, Rate] = Field(default_factory=dict)
    """Share of the codes that meet a fault; not of queries."""
    rules: tuple[Rule, ...] = Field(default=(), max_length=_MAX_RULES)
    """Tried in turn, before magic and rates; the first that matches counts."""
    magic: bool = True
    """Whether magic prefixes and amounts have their meaning."""
    outages: tuple[Outage, ...] = Field(default=(), max_length=_MAX_RULES)
    error_quota: ErrorQuota | None = None

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        for operation in ("pay", "order", "refund", "cancel", "callback"):
            if sum(rate for fault, rate in self.rates.items() if operation in APPLIES_TO[fault]) > 1:
                raise ValueError(f"the rates of the faults of {operation} are more than 1 together")
        return self


def magic_fault(code: str, amount: Fen | None) -> Fault | None:
    """Give the fault that a code or an amount asks for."""
    if code.startswith(MAGIC_PREFIX):
        name = code[len(MAGIC_PREFIX) :].partition("-")[0].lower()
        return Fault(name) if name in _NAMES else None
    return None if amount is None else MAGIC_AMOUNTS.get(amount)


_NAMES: Final = frozenset(fault.value for fault in Fault)
