"""What the books note: effects on money, calls that could have had one, attempts to call back."""

from dataclasses import dataclass
from typing import Literal

from paybus.trades.money import Fen

EffectKind = Literal["charge", "refund", "revocation", "expiry"]
Cause = int | Literal["customer", "expiry"]
"""The number of the call that caused it, or who else did."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Money that moved (revocations of unpaid orders and expiries move none: 0 fen), at Unix seconds."""

    kind: EffectKind
    merchant_id: str
    charge_code: str
    refund_number: str | None
    amount_fen: Fen
    at: float
    cause: Cause


@dataclass(slots=True)
class Call:
    """One call of an operation that could move money.

    `answer_code` is what the gateway decided, `fault` what was done to its answer: with a fault the
    caller did not see the code.
    """

    number: int
    operation: str
    merchant_id: str
    charge_code: str | None
    refund_number: str | None
    at: float
    answered_at: float | None = None
    answer_code: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAttempt:
    """One attempt to deliver a callback; `status` is None and `error` says why if no reply came."""

    merchant_id: str
    charge_code: str
    kind: str
    attempt: int
    at: float
    status: int | None
    error: str | None
