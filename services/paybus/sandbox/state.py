"""The states of orders and refunds, in the gateway's own numbers (docs/protocol.md §7.4, §9)."""

from enum import IntEnum, unique
from types import MappingProxyType


@unique
class OrderState(IntEnum):
    """What became of an order."""

    PENDING = 0
    PAID = 1
    REVOKED = 2
    REVOCATION_APPLIED = 3
    PARTIALLY_REFUNDED = 4
    REFUNDED = 5
    CLOSED = 6
    REFUNDING = 8
    REFUND_FAILED = 9


@unique
class RefundState(IntEnum):
    """What became of a refund; 12 is the document's "cancelled" and never written here."""

    REQUESTED = 10
    SUCCEEDED = 11
    FAILED = 13


_REFUNDS = frozenset(
    {OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED, OrderState.REFUNDING, OrderState.REFUND_FAILED}
)
MOVES = MappingProxyType(
    {
        OrderState.PENDING: frozenset(
            {OrderState.PAID, OrderState.REVOKED, OrderState.REVOCATION_APPLIED, OrderState.CLOSED}
        ),
        OrderState.PAID: _REFUNDS | {OrderState.REVOKED, OrderState.REVOCATION_APPLIED},
        OrderState.REVOKED: frozenset[OrderState](),
        OrderState.REVOCATION_APPLIED: frozenset({OrderState.REVOKED}),
        OrderState.PARTIALLY_REFUNDED: _REFUNDS,
        OrderState.REFUNDED: frozenset[OrderState](),
        OrderState.CLOSED: frozenset[OrderState](),
        OrderState.REFUNDING: _REFUNDS,
        OrderState.REFUND_FAILED: _REFUNDS,
    }
)
"""Where an order may go; a refund goes from REQUESTED to SUCCEEDED or FAILED, once."""

REFUNDABLE = frozenset(
    {
        OrderState.PAID,
        OrderState.PARTIALLY_REFUNDED,
        OrderState.REFUNDING,
        OrderState.REFUND_FAILED,
        OrderState.REFUNDED,  # nothing remains: the amount is what is wrong, not the state
    }
)
REVOCABLE = frozenset({OrderState.PENDING, OrderState.PAID, OrderState.REVOCATION_APPLIED})
