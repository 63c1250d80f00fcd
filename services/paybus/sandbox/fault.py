"""What the sandbox can do wrong, and with which operations (docs/sandbox.md)."""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, Literal

Operation = Literal["pay", "order", "refund", "cancel", "query", "callback"]
"""Where a fault can be: in a call that could move money, in a query, or on the way back to the merchant."""


@unique
class Fault(StrEnum):
    """One thing that goes wrong. The order is that of the magic amounts: append, never insert."""

    DECLINE = "decline"
    """The customer (of a refund: the platform) says no: FAIL, no money moves."""
    LOST_ANSWER = "lost_answer"
    """It is done, then the connection is closed without a reply."""
    RESET_AFTER = "reset_after"
    """It is done, then the connection is reset."""
    RESET_BEFORE = "reset_before"
    """The connection is reset, nothing is done."""
    ERROR_AFTER = "error_after"
    """It is done, then HTTP 502 with a page of HTML."""
    ERROR_BEFORE = "error_before"
    """HTTP 503 with a page of HTML, nothing is done."""
    GARBAGE = "garbage"
    """It is done, then HTTP 200 with bytes that are no document."""
    HTML = "html"
    """It is done, then HTTP 200 with a page of HTML."""
    TRUNCATED = "truncated"
    """It is done, then half of the reply and the end of the connection."""
    UNKNOWN_CODE = "unknown_code"
    """It is done, then a return code that no dictionary has."""
    SLOW = "slow"
    """It takes `slow_ms`."""
    HOLD = "hold"
    """The customer does nothing until somebody plays him, or time runs out."""
    LATE_CHARGE = "late_charge"
    """EXCEPTION at once; the customer is charged `late_seconds` later."""
    QUERY_LAG = "query_lag"
    """It is done, and queries do not see it for `late_seconds`."""
    REFUND_LATE = "refund_late"
    """SUCCESS at once with the refund in state 10; it succeeds `late_seconds` later."""
    REFUND_FAILS_LATE = "refund_fails_late"
    """SUCCESS at once with the refund in state 10; it fails `late_seconds` later."""
    CANCEL_FORGOTTEN = "cancel_forgotten"
    """SUCCESS, but nothing was revoked: the customer may still pay."""
    CALLBACK_DUPLICATE = "callback_duplicate"
    """A delivered callback is sent again, signed anew."""
    CALLBACK_REPLAYED = "callback_replayed"
    """A delivered callback is sent again byte for byte, as an eavesdropper would."""
    CALLBACK_FORGED = "callback_forged"
    """Before the callback comes one over a hundredfold amount, signed with a wrong key."""
    CALLBACK_LATE = "callback_late"
    """The callback comes `late_seconds` late."""
    CALLBACK_LOST = "callback_lost"
    """The callback never comes."""
    CALLBACK_OUT_OF_ORDER = "callback_out_of_order"
    """After the callback comes an older one, in state 0."""
    CALLBACK_WRONG_AMOUNT = "callback_wrong_amount"
    """The callback tells one fen more than was paid, rightly signed."""
    QUEUED = "queued"
    """It waits `late_seconds` until the gateway begins with it; nobody sees it until then."""


BEFORE: Final = frozenset({Fault.RESET_BEFORE, Fault.ERROR_BEFORE})
"""Faults of calls of which nothing is carried out."""

SPOILING: Final = BEFORE | {
    Fault.LOST_ANSWER,
    Fault.RESET_AFTER,
    Fault.ERROR_AFTER,
    Fault.GARBAGE,
    Fault.HTML,
    Fault.TRUNCATED,
    Fault.UNKNOWN_CODE,
}
"""Faults after which the caller has not seen the return code."""

_CALLS: Final = frozenset[Operation]({"pay", "order", "refund", "cancel"})


def _applies_to(fault: Fault) -> frozenset[Operation]:
    if fault in SPOILING or fault is Fault.SLOW:
        return _CALLS | {"query"}
    if fault is Fault.QUEUED:
        return _CALLS
    if fault.startswith("callback_"):
        return frozenset({"callback"})
    return _OTHERS[fault]


_OTHERS: Final[Mapping[Fault, frozenset[Operation]]] = {
    Fault.DECLINE: frozenset({"pay", "order", "refund"}),
    Fault.HOLD: frozenset({"pay", "order"}),
    Fault.LATE_CHARGE: frozenset({"pay"}),
    Fault.QUERY_LAG: frozenset({"pay", "order", "refund"}),
    Fault.REFUND_LATE: frozenset({"refund"}),
    Fault.REFUND_FAILS_LATE: frozenset({"refund"}),
    Fault.CANCEL_FORGOTTEN: frozenset({"cancel"}),
}
APPLIES_TO: Final[Mapping[Fault, frozenset[Operation]]] = MappingProxyType(
    {fault: _applies_to(fault) for fault in Fault}
)
"""Where a fault has a meaning. A declined `order` is created, and its customer declines."""
