"""What the sandbox can do wrong, and how it is told to (docs/sandbox.md)."""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from paybus.trades.money import Fen


@unique
class Fault(StrEnum):
    """One thing that goes wrong, once for each key."""

    DECLINE = "decline"
    """The customer declines: FAIL, no money moves."""
    LOST_ANSWER = "lost_answer"
    """It is done, then the connection is closed without a reply."""
    DUPLICATE_CALLBACK = "duplicate_callback"
    """A delivered callback is sent a second time."""


Operation = Literal["pay", "order", "refund", "cancel", "callback"]
Rate = Annotated[float, Field(ge=0, le=1)]
_Milliseconds = Annotated[float, Field(ge=0, le=600_000)]  # ten minutes: no client waits longer

_MONEY: Final = frozenset[Operation]({"pay", "order", "refund", "cancel"})
APPLIES_TO: Final[Mapping[Fault, frozenset[Operation]]] = MappingProxyType(
    {
        Fault.DECLINE: frozenset({"pay", "order"}),
        Fault.LOST_ANSWER: _MONEY,
        Fault.DUPLICATE_CALLBACK: frozenset({"callback"}),
    }
)
"""Where a fault has a meaning; a declined `order` is created, and its customer declines."""

SPOILING: Final = frozenset({Fault.LOST_ANSWER})
"""Faults after which the caller has not seen the return code."""


class Rule(BaseModel):
    """Let *fault* happen to the calls that match all that is given, at *rate*, *times* for each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault
    operation: Operation | None = None
    merchant_id: str | None = None
    code_prefix: str | None = None
    amount_fen: int | None = None
    rate: Rate = 1.0
    times: Annotated[int, Field(ge=1)] = 1

    def matches(self, operation: Operation, merchant_id: str, code: str, amount: Fen | None) -> bool:
        """Say whether the rule is about this call."""
        return (
            operation in APPLIES_TO[self.fault]
            and self.operation in {None, operation}
            and self.merchant_id in {None, merchant_id}
            and (self.code_prefix is None or code.startswith(self.code_prefix))
            and (self.amount_fen is None or self.amount_fen == amount)
        )


class FaultSettings(BaseModel):
    """Everything that can be changed while the sandbox runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: _Milliseconds = 0
    """Median time that a call which could move money takes."""
    latency_spread: Annotated[float, Field(ge=0, le=3)] = 0
    """Sigma of the lognormal distribution around it; 0 makes it fixed."""
    tail_rate: Rate = 0
    """Share of calls that take `tail_ms` instead."""
    tail_ms: _Milliseconds = 0
    query_latency_ms: _Milliseconds = 0
    """Time that every other operation takes."""
    rates: dict[Fault, Rate] = Field(default_factory=dict)
    """Share of the keys that meet a fault."""
    rules: tuple[Rule, ...] = Field(default=(), max_length=1000)  # each is tried for each call

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        for operation in (*_MONEY, "callback"):
            if sum(rate for fault, rate in self.rates.items() if operation in APPLIES_TO[fault]) > 1:
                raise ValueError(f"the rates of the faults of {operation} are more than 1 together")
        return self
