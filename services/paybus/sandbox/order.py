"""What the books keep of an order and of a refund."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paybus.sandbox.state import OrderState, RefundState
from paybus.trades.money import Fen

Key = tuple[str, str]
"""(merchant id, code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a request says of an order and the gateway only repeats."""

    oper_id: str
    dev_id: str
    subject: str
    merchant_para: str | None = None
    register_id: str | None = None
    dynamic_id: str | None = None
    trade_type: str | None = None
    notify_url: str | None = None
    goods: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWish:
    """An order that a merchant asks for; `scanned` says that the customer's own code was scanned."""

    merchant_id: str
    charge_code: str
    amount_fen: Fen
    channel_type: int
    scanned: bool
    particulars: Particulars


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order. Money in fen, times in Unix seconds; `call` is the number of the call that made it.

    `reserved_fen` is what refunds that are not finished have asked for. `expired` says of a closed order
    that time ran out. `on_left` is called once,
    when the order is no longer pending.
    """

    wish: OrderWish
    call: int
    down_code: str
    third_code: str
    begun_at: float
    visible_at: float
    state: OrderState = OrderState.PENDING
    ended_at: float | None = None
    paid_fen: int = 0
    refunded_fen: int = 0
    reserved_fen: int = 0
    returned_fen: int = 0
    expired: bool = False
    on_left: Callable[[], None] | None = None

    @property
    def key(self) -> Key:
        """(merchant id, up code)."""
        return self.wish.merchant_id, self.wish.charge_code

    @property
    def remainder_fen(self) -> int:
        """What may still be refunded."""
        return self.paid_fen - self.refunded_fen - self.reserved_fen - self.returned_fen


@dataclass(slots=True, kw_only=True, eq=False)
class Refund:
    """One refund of an order; `number` is OUT_REFUND_NO, None if the merchant gave none."""

    order: Order
    number: str | None
    amount_fen: Fen
    call: int
    begun_at: float
    visible_at: float
    state: RefundState = RefundState.REQUESTED
    ended_at: float | None = None
