"""An operation: our carrying-out of one command, and the states it passes through."""

from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from paybus.trades.money import Fen


@unique
class Kind(StrEnum):
    """What was asked for."""

    PAY = "pay"
    REFUND = "refund"
    CANCEL = "cancel"


@unique
class OperationState(StrEnum):
    """How far an operation is. The ledger keeps these words."""

    WAITING = "waiting"
    """Accepted; certainly nothing is on its way to the gateway."""
    READY = "ready"
    """May be sent, or was sent and not yet heard of: whoever takes it over asks before sending."""
    UNKNOWN = "unknown"
    """Sent, and the gateway did not tell what became of it."""
    PENDING = "pending"
    """The gateway took it and is still working on it."""
    DONE = "done"
    """Answered by the gateway, for good."""
    REJECTED = "rejected"
    """Refused by us; never sent, or certainly never executed."""


OPEN = frozenset(
    {OperationState.WAITING, OperationState.READY, OperationState.UNKNOWN, OperationState.PENDING}
)
ON_ITS_WAY = frozenset({OperationState.READY, OperationState.UNKNOWN, OperationState.PENDING})
"""It is at the gateway or may get there: a refund holds its reservation, a cancel its trade."""

_NEXT: dict[OperationState, frozenset[OperationState]] = {
    OperationState.WAITING: frozenset(OperationState),
    OperationState.READY: frozenset(OperationState),
    # To be sent again it must first be known not to have happened: by way of WAITING, past the guard.
    OperationState.UNKNOWN: frozenset(OperationState) - {OperationState.READY},
    # What the gateway took is never sent again.
    OperationState.PENDING: frozenset({OperationState.PENDING, OperationState.DONE, OperationState.REJECTED}),
    OperationState.DONE: frozenset(),
    OperationState.REJECTED: frozenset(),
}
NEXT = MappingProxyType(_NEXT)


def may_follow(state: OperationState, following: OperationState) -> bool:
    """Say whether an operation may go from *state* to *following*; final states have no successor."""
    return following in NEXT[state]


@unique
class Method(StrEnum):
    """How a customer pays, or how a trade is cancelled: what of the command the domain must know."""

    BARCODE = "barcode"
    """The merchant scans the customer: SUCCESS means paid."""
    NATIVE = "native"
    JSAPI = "jsapi"
    APP = "app"
    """The customer scans or is called in: SUCCESS means that an order waits for payment."""
    REALTIME = "realtime"
    APPLICATION = "application"
    """A revocation is only applied for (opType=ACO); the trade's state tells when it is done."""
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as the ledger knows it; `key` is CHARGE_CODE, or OUT_REFUND_NO for a refund."""

    merchant_id: str
    kind: Kind
    key: str
    charge_code: str
    method: Method
    amount_fen: Fen
    state: OperationState
    asked: int = 0
    """Inquiries without an answer so far; before them, looks at its trade and tries that were not sent."""
    reply_code: str | None = None
    """The return code of the last reply to what we sent (not of inquiries); None if none was readable."""
    automatic: bool = False
    """Nobody asked for it: a cancel of an unpaid barcode payment, or the refund of a late charge."""
    overdue: bool = False
    """A cancel whose pay is past its deadline: it may go although nothing was heard of the payment."""
