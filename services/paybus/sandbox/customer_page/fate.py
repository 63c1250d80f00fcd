"""What became of an order, in words."""

from dataclasses import dataclass
from typing import Final, Literal

from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState

Tone = Literal["wait", "good", "bad", "busy"]


@dataclass(frozen=True, slots=True)
class Fate:
    """A state in words; `busy` ones go on by themselves."""

    words: str
    tone: Tone


_FATES: Final = {
    OrderState.PENDING: Fate("To be paid", "wait"),
    OrderState.PAID: Fate("Paid", "good"),
    OrderState.REVOKED: Fate("Revoked", "bad"),
    OrderState.REVOCATION_APPLIED: Fate("Being revoked", "busy"),
    OrderState.PARTIALLY_REFUNDED: Fate("Partly refunded", "good"),
    OrderState.REFUNDED: Fate("Refunded", "good"),
    OrderState.CLOSED: Fate("Declined", "bad"),
    OrderState.REFUNDING: Fate("Being refunded", "busy"),
    OrderState.REFUND_FAILED: Fate("Paid; a refund failed", "bad"),
}
_EXPIRED: Final = Fate("Not paid in time", "bad")


def fate_of(order: Order) -> Fate:
    """Say what became of an order."""
    return _EXPIRED if order.expired else _FATES[order.state]
