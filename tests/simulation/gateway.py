"""The simulated gateway: the sandbox's own books, and what becomes of a call in simulated time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.chance import Chance
from tests.simulation.loop import VirtualLoop

from paybus.gateway.query import By
from paybus.sandbox.books import BookRules, Books
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.order import Order, OrderWish, Particulars, Refund
from paybus.sandbox.state import OrderState, RefundState
from paybus.trades.money import Fen

LAG_SECONDS = 3.0
"""A request that arrived shows within this."""

SCAN_SECONDS = 45.0
ORDER_SECONDS = 60.0
"""How long a customer has time, the first above a pay's expiry; the real ones have 80 s and two hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the program reads of any reply."""

    code: str
    http_status: int = 200
    unreadable: tuple[str, ...] = ()
    down_code: str | None = None
    third_code: str | None = None
    channel_type: int | None = None
    amount_fen: int | None = None
    state: int | None = None
    bar_code: str | None = None
    jsapi: None = None


Answer = Callable[[Said], None]


class SimulatedGateway:
    """Takes calls that have arrived; what it does, it does whether or not anybody still waits."""

    def __init__(self, loop: VirtualLoop, chance: Chance, on_paid: Callable[[Order], None]) -> None:
        self.books = Books(BookRules(duplicate_detection=chance.duplicate_detection), now=loop.time)
        self.busy = 0  # effects that are still to come
        self.out = False
        self._loop = loop
        self._chance = chance
        self._on_paid = on_paid

    @property
    def quiet(self) -> bool:
        """Whether nothing more will happen here by itself."""
        return not self.busy

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something later, whatever becomes of others."""
        self.busy += 1

        def fire() -> None:
            self.busy -= 1
            act()

        self._loop.call_later(seconds, fire)

    def take(self, operation: str, request: Any, merchant_id: str, fault: str | None, answer: Answer) -> None:
        """Take a call that could move money."""
        number = getattr(request, "refund_number", None)
        call = self.books.note_call(operation, merchant_id, (request.charge_code, number))

        def say(said: Said) -> None:
            call.answer_code = said.code
            answer(said)

        try:
            _refuse(operation, fault)
            getattr(self, f"_{operation}")(request, merchant_id, call, fault, say)
        except RefusalError as refusal:
            say(Said(code=refusal.code))

    def query(self, request: Any, merchant_id: str) -> Said:
        """Tell what shows of an order or a refund."""
        now = self.books.now()
        if request.by is By.REFUND_NUMBER:
            refund = self.books.refund(merchant_id, request.code)
            if refund is None or refund.visible_at > now:
                return Said(code="CHARGE_NONEXISTENT")
            return _of(refund.order, amount_fen=refund.amount_fen, state=refund.state.value)
        order = self.books.order(merchant_id, request.code)
        if order is None or order.visible_at > now:
            return Said(code="CHARGE_NONEXISTENT")
        return _of(order, state=order.state.value)

    def _pay(self, request: Any, merchant_id: str, call: Call, fault: str | None, say: Answer) -> None:
        hidden = LAG_SECONDS if fault in {"hidden", "fail_and_charge"} else 0.0
        order = self._open(request, merchant_id, call, hidden)
        if fault == "decline":
            self.books.close(order)
            say(Said(code="FAIL"))
        elif fault == "fail_and_charge":
            say(Said(code="FAIL"))
            self.later(self._chance.seconds(0.0, LAG_SECONDS), lambda: self._charge(order, call.number))
        elif fault == "hesitate":
            say(Said(code="EXCEPTION"))
            self.later(self._chance.seconds(1.0, SCAN_SECONDS), lambda: self._charge(order, call.number))
        elif fault == "hold":
            self.later(SCAN_SECONDS, lambda: self._expire(order, say))
        else:
            self.later(self._chance.seconds(0.0, 1.0), lambda: self._charge(order, call.number, say))

    def _order(self, request: Any, merchant_id: str, call: Call, fault: str | None, say: Answer) -> None:
        order = self._open(request, merchant_id, call, LAG_SECONDS if fault == "hidden" else 0.0)
        say(_of(order, amount_fen=None, bar_code="http://pay.example"))
        if fault != "decline":
            self.later(self._chance.seconds(0.5, 30.0), lambda: self._charge(order, "customer"))
        self.later(ORDER_SECONDS, lambda: self._expire(order, None))

    def _refund(self, request: Any, merchant_id: str, call: Call, fault: str | None, say: Answer) -> None:
        order = self.books.order(merchant_id, request.charge_code)
        if order is None:
            raise RefusalError("CHARGE_NONEXISTENT", "no such transaction")
        lag_seconds = LAG_SECONDS if fault == "hidden" else 0.0
        refund = self.books.request_refund(
            order, Fen(request.amount_fen), request.refund_number, call=call.number, lag_seconds=lag_seconds
        )
        if fault in {"refund_late", "refund_fails_late"}:
            say(_of(order))
            succeeds = fault == "refund_late"
            self.later(self._chance.seconds(1.0, 20.0), lambda: self._finish(refund, succeeds, None))
        else:
            self.later(self._chance.seconds(0.0, 1.0), lambda: self._finish(refund, True, say))

    def _cancel(self, request: Any, merchant_id: str, call: Call, fault: str | None, say: Answer) -> None:
        order = self.books.order(merchant_id, request.charge_code)
        if order is None:
            raise RefusalError("CHARGE_NONEXISTENT", "no such transaction")
        if request.application_only:
            self.books.apply_for_revocation(order)
            self.later(self._chance.seconds(0.5, 10.0), lambda: self._revoke(order, call.number))
        else:
            self.books.revoke(order, cause=call.number)
        say(Said(code="SUCCESS"))

    def _open(self, request: Any, merchant_id: str, call: Call, lag_seconds: float) -> Order:
        scanned = call.operation == "pay"
        wish = OrderWish(
            merchant_id=merchant_id,
            charge_code=request.charge_code,
            amount_fen=Fen(request.amount_fen),
            channel_type=1,
            scanned=scanned,
            particulars=Particulars(oper_id="", dev_id="", subject=""),
        )
        return self.books.open(wish, call=call.number, lag_seconds=lag_seconds)

    def _charge(self, order: Order, cause: Any, say: Answer | None = None) -> None:
        if order.state is OrderState.PENDING:
            self.books.charge(order, cause=cause)
            self._on_paid(order)
        if say is not None:
            say(_of(order) if order.paid_fen else Said(code="FAIL"))

    def _expire(self, order: Order, say: Answer | None) -> None:
        if order.state is OrderState.PENDING:
            self.books.close(order, expired=True)
        if say is not None:
            say(Said(code="FAIL"))

    def _finish(self, refund: Refund, succeeds: bool, say: Answer | None) -> None:
        if refund.state is RefundState.REQUESTED:
            self.books.finish_refund(refund, succeeded=succeeds)
        if say is not None:
            say(_of(refund.order))

    def _revoke(self, order: Order, cause: int) -> None:
        if order.state is OrderState.REVOCATION_APPLIED:
            self.books.revoke(order, cause=cause)


def _refuse(operation: str, fault: str | None) -> None:
    if fault == "amount_error":
        raise RefusalError("ILLEGAL_PARAMETER", "not today")
    if fault == "decline" and operation in {"refund", "cancel"}:
        raise RefusalError("FAIL", "not today")


def _of(order: Order, **told: Any) -> Said:
    about = {
        "code": "SUCCESS",
        "down_code": order.down_code,
        "third_code": order.third_code if order.paid_fen else None,
        "channel_type": 1,
        "amount_fen": int(order.wish.amount_fen),
    }
    return Said(**about | told)
