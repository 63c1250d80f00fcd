"""What became of the callback about an order, in words."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from paybus.sandbox.books import Books
from paybus.sandbox.description import time_text
from paybus.sandbox.entry import CallbackAttempt
from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState

_LOOKED_AT: Final = 10_000  # of the newest attempts: a page must not stop the gateway for seconds
_GENUINE: Final = frozenset({"genuine", "wrong_amount"})  # the others are sent beside the callback


def attempts_about(books: Books, order: Order) -> Sequence[CallbackAttempt]:
    """Give the attempts to deliver the callback about *order* among the newest, latest first."""
    newest = islice(reversed(books.callbacks), _LOOKED_AT)
    return [
        attempt
        for attempt in newest
        if (attempt.merchant_id, attempt.charge_code) == order.key and attempt.kind in _GENUINE
    ]


def notification_of(order: Order, attempts: Sequence[CallbackAttempt], *, under_way: bool) -> str:
    """Say what became of the callback, from its *attempts* (latest first) and whether more are to come."""
    if order.wish.particulars.notify_url is None:
        return "None: the merchant gave no address"
    delivered = next((attempt for attempt in attempts if attempt.status == 200), None)
    if delivered is not None:
        return f"Delivered at attempt {delivered.attempt}, {time_text(delivered.at)}"
    if attempts:
        return _undelivered(attempts[0], under_way=under_way)
    return "On its way" if under_way else _unsent(order)


def _undelivered(last: CallbackAttempt, *, under_way: bool) -> str:
    why = last.error if last.status is None else f"answered with HTTP {last.status}"
    if under_way:
        return f"Attempt {last.attempt}: {why}; it will be repeated"
    return f"Given up after attempt {last.attempt}: {why}"


def _unsent(order: Order) -> str:
    if order.state is OrderState.PENDING:
        return "When the order is paid"
    if not order.paid_fen:
        return "None: only payments are told"
    if order.wish.scanned:
        return "None: the reply to the payment told it"
    return "Lost, as a fault wanted it"
