"""The gateway's own books: what it was asked, what it did, and with whose money.

Every method changes everything it changes at once, or raises RefusalError and changes nothing.
Refunds never exceed what was paid, whatever arrives in whatever order.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import Final

from paybus.sandbox.entry import Call, CallbackAttempt, Cause, Effect, EffectKind
from paybus.sandbox.errors import BooksFullError, RefusalError
from paybus.sandbox.order import Key, Order, OrderWish, Refund
from paybus.sandbox.state import MOVES, REFUNDABLE, REVOCABLE, OrderState, RefundState
from paybus.trades.money import Fen

_ENTRIES_PER_ORDER: Final = 4  # a charge, two refunds and a repeat of something: more is a runaway test


@dataclass(frozen=True, slots=True)
class BookRules:
    """`max_orders` bounds the memory (about 1.5 KB an order with its entries)."""

    duplicate_detection: bool = True
    max_orders: int = 2_000_000


class Books:
    """Orders, refunds, effects, calls and callback attempts, oldest first."""

    def __init__(self, rules: BookRules, now: Callable[[], float] = time.time) -> None:
        self.rules = rules
        self.now = now
        self.orders: list[Order] = []
        self.refunds: list[Refund] = []
        self.effects: list[Effect] = []
        self.calls: list[Call] = []
        self.callbacks: list[CallbackAttempt] = []
        self.requests: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._by_charge_code: dict[Key, Order] = {}
        self._by_down_code: dict[Key, Order] = {}
        self._by_refund_number: dict[Key, Refund] = {}
        self._opened = int(now())  # down codes of two runs must not meet in one system under test

    def note_callback(self, attempt: CallbackAttempt) -> None:
        """Note an attempt to call back; above the limit it is not noted."""
        if len(self.callbacks) < self.rules.max_orders * _ENTRIES_PER_ORDER:
            self.callbacks.append(attempt)

    def note_call(self, operation: str, merchant_id: str, codes: tuple[str | None, str | None]) -> Call:
        """Note a call about (charge code, refund number); raises BooksFullError."""
        rules = self.rules
        if max(len(self.calls), len(self.effects)) >= rules.max_orders * _ENTRIES_PER_ORDER:
            raise BooksFullError(
                f"more than {_ENTRIES_PER_ORDER} calls for each of {rules.max_orders} orders"
            )
        call = Call(len(self.calls) + 1, operation, merchant_id, *codes, self.now())
        self.calls.append(call)
        return call

    def open(self, wish: OrderWish, *, call: int, lag_seconds: float = 0.0) -> Order:
        """Register a pending order; raises RefusalError or BooksFullError."""
        key = (wish.merchant_id, wish.charge_code)
        if self.rules.duplicate_detection and key in self._by_charge_code:
            raise RefusalError("SERIAL_REPEAT", "CHARGE_CODE was used before")
        number = len(self.orders) + 1
        if number > self.rules.max_orders:
            raise BooksFullError(f"more than max_orders={self.rules.max_orders} orders")
        at = self.now()
        order = Order(
            wish=wish,
            call=call,
            down_code=f"{self._opened}{number:08}",
            third_code=f"42000{self._opened}{number:013}",
            begun_at=at,
            visible_at=at + lag_seconds,
        )
        self.orders.append(order)
        self._by_charge_code[key] = order
        self._by_down_code[wish.merchant_id, order.down_code] = order
        return order

    def order(self, merchant_id: str, charge_code: str) -> Order | None:
        """Give the (latest) order of that up code."""
        return self._by_charge_code.get((merchant_id, charge_code))

    def order_by_down_code(self, merchant_id: str, down_code: str) -> Order | None:
        """Give the order of that down code."""
        return self._by_down_code.get((merchant_id, down_code))

    def refund(self, merchant_id: str, refund_number: str) -> Refund | None:
        """Give the (latest) refund of that number."""
        return self._by_refund_number.get((merchant_id, refund_number))

    def charge(self, order: Order, *, cause: Cause) -> None:
        """Take the customer's money for a pending order."""
        amount = order.wish.amount_fen
        order.paid_fen += amount
        self._note("charge", order, amount, cause)
        self._move(order, OrderState.PAID)

    def close(self, order: Order, *, expired: bool = False) -> None:
        """End a pending order without money: the customer declined, or time ran out."""
        order.expired = expired
        if expired:
            self._note("expiry", order, Fen(0), "expiry")
        self._move(order, OrderState.CLOSED)

    def apply_for_revocation(self, order: Order) -> None:
        """Take the application to revoke an order; raises RefusalError."""
        self._check_revocable(order)
        if order.state is OrderState.REVOCATION_APPLIED:
            raise RefusalError("FAIL", "revocation was applied for before")
        self._move(order, OrderState.REVOCATION_APPLIED)

    def revoke(self, order: Order, *, cause: Cause) -> None:
        """Revoke an order and return what was paid; raises RefusalError."""
        self._check_revocable(order)
        returned = Fen(order.remainder_fen)
        order.returned_fen += returned
        self._note("revocation", order, returned, cause)
        self._move(order, OrderState.REVOKED)

    def request_refund(
        self, order: Order, amount: Fen, number: str | None, *, call: int, lag_seconds: float = 0.0
    ) -> Refund:
        """Reserve *amount* of what was paid for a refund; raises RefusalError."""
        key = (order.wish.merchant_id, number or "")
        if number is not None and self.rules.duplicate_detection and key in self._by_refund_number:
            raise RefusalError("SERIAL_REPEAT", "OUT_REFUND_NO was used before")
        if order.state not in REFUNDABLE:
            raise RefusalError("FAIL", f"an order in state {order.state.value} cannot be refunded")
        if amount > order.remainder_fen:
            raise RefusalError("AMT_ERROR", "the refund is above what remains of the payment")
        at = self.now()
        refund = Refund(
            order=order,
            number=number,
            amount_fen=amount,
            call=call,
            begun_at=at,
            visible_at=at + lag_seconds,
        )
        order.reserved_fen += amount
        self.refunds.append(refund)
        if number is not None:
            self._by_refund_number[key] = refund
        self._move(order, OrderState.REFUNDING)
        return refund

    def finish_refund(self, refund: Refund, *, succeeded: bool) -> None:
        """Move the reserved money back to the customer, or give the reservation up."""
        assert refund.state is RefundState.REQUESTED
        order = refund.order
        order.reserved_fen -= refund.amount_fen
        refund.state = RefundState.SUCCEEDED if succeeded else RefundState.FAILED
        refund.ended_at = self.now()
        if succeeded:
            order.refunded_fen += refund.amount_fen
            self._note("refund", order, refund.amount_fen, refund.call, refund.number)
        assert order.refunded_fen <= order.paid_fen
        self._move(order, _state_after_refunds(order, succeeded=succeeded))

    def _check_revocable(self, order: Order) -> None:
        if order.state is OrderState.REVOKED:
            raise RefusalError("AREADY_REVOKED", "the order was revoked before")
        if order.state not in REVOCABLE:
            raise RefusalError("FAIL", f"an order in state {order.state.value} cannot be revoked")

    def _move(self, order: Order, state: OrderState) -> None:
        assert state in MOVES[order.state], (order.state, state)
        order.state = state
        order.ended_at = self.now()
        if (left := order.on_left) is not None:
            order.on_left = None
            left()

    def _note(
        self,
        kind: EffectKind,
        order: Order,
        amount: Fen,
        cause: Cause,
        refund_number: str | None = None,
    ) -> None:
        self.effects.append(Effect(kind, *order.key, refund_number, amount, self.now(), cause))


def _state_after_refunds(order: Order, *, succeeded: bool) -> OrderState:
    if order.reserved_fen:
        return OrderState.REFUNDING
    if order.refunded_fen == order.paid_fen:
        return OrderState.REFUNDED
    if not succeeded:
        return OrderState.REFUND_FAILED
    return OrderState.PARTIALLY_REFUNDED
