"""The books keep their promises whatever is asked of them, in whatever order."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
import pytest

from paybus.sandbox.books import BookRules, Books
from paybus.sandbox.errors import BooksFullError, RefusalError
from paybus.sandbox.order import OrderWish, Particulars, Refund
from paybus.sandbox.state import OrderState, RefundState
from paybus.trades.money import Fen

CODES = st.sampled_from(["A", "B"])


def wish(code: str = "A", amount_fen: int = 100) -> OrderWish:
    """Wish for an order."""
    said = Particulars(oper_id="o", dev_id="d", subject="Tea")
    return OrderWish(
        merchant_id="m", charge_code=code, amount_fen=Fen(amount_fen), channel_type=1, scanned=True,
        particulars=said,
    )  # fmt: skip


class Asking(RuleBasedStateMachine):
    """Somebody who asks for anything, and checks the money after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books(BookRules(duplicate_detection=False), now=lambda: 1.0)
        self.refunds: list[Refund] = []

    def order_of(self, code: str, *states: OrderState) -> list:
        """Give the order of that code if there is one in these states."""
        order = self.books.order("m", code)
        return [order] if order is not None and (not states or order.state in states) else []

    @rule(code=CODES, amount_fen=st.integers(1, 300))
    def opens(self, code: str, amount_fen: int) -> None:
        """Open an order, also a second one under the same code."""
        self.books.open(wish(code, amount_fen), call=1)

    @rule(code=CODES)
    def pays(self, code: str) -> None:
        """Let a customer pay."""
        for order in self.order_of(code, OrderState.PENDING):
            self.books.charge(order, cause=1)

    @rule(code=CODES, expired=st.booleans())
    def closes(self, code: str, expired: bool) -> None:
        """Let a customer decline, or time run out."""
        for order in self.order_of(code, OrderState.PENDING):
            self.books.close(order, expired=expired)

    @rule(code=CODES, really=st.booleans())
    def revokes(self, code: str, really: bool) -> None:
        """Ask to revoke, or apply for it."""
        for order in self.order_of(code):
            with suppress(RefusalError):
                self.books.revoke(order, cause=2) if really else self.books.apply_for_revocation(order)

    @rule(code=CODES, amount_fen=st.integers(1, 300))
    def asks_for_a_refund(self, code: str, amount_fen: int) -> None:
        """Ask for any amount."""
        for order in self.order_of(code):
            with suppress(RefusalError):
                self.refunds.append(self.books.request_refund(order, Fen(amount_fen), None, call=3))

    @rule(number=st.integers(0, 50), succeeded=st.booleans())
    def finishes_a_refund(self, number: int, succeeded: bool) -> None:
        """Let the platform decide a refund."""
        for refund in self.refunds[number : number + 1]:
            if refund.state is RefundState.REQUESTED:
                self.books.finish_refund(refund, succeeded=succeeded)

    @invariant()
    def never_more_goes_back_than_came(self) -> None:
        """Refunds and revocations together never exceed the payment."""
        for order in self.books.orders:
            gone = order.refunded_fen + order.reserved_fen + order.returned_fen
            assert 0 <= gone <= order.paid_fen <= order.wish.amount_fen

    @invariant()
    def the_effects_say_the_same_as_the_orders(self) -> None:
        """Every fen of an order is an effect, and the reverse."""
        for kind, told in (
            ("charge", "paid_fen"),
            ("refund", "refunded_fen"),
            ("revocation", "returned_fen"),
        ):
            moved = sum(effect.amount_fen for effect in self.books.effects if effect.kind == kind)
            assert moved == sum(getattr(order, told) for order in self.books.orders)


TestAsking = Asking.TestCase


def test_the_books_have_an_end() -> None:
    """More orders than allowed, or many more calls, are refused with a reason and change nothing."""
    books = Books(BookRules(max_orders=2))
    for code in ("A", "B"):
        books.open(wish(code), call=1)
    with pytest.raises(BooksFullError, match="max_orders=2") as caught:
        books.open(wish("C"), call=1)
    assert caught.value.code == "SERVICE_UNAVAILABLE"
    assert len(books.orders) == 2
    for _ in range(8):
        books.note_call("pay", "m", ("A", None))
    with pytest.raises(BooksFullError):
        books.note_call("pay", "m", ("A", None))


def test_a_used_code_is_known_for_ever() -> None:
    """Whatever became of the first order."""
    books = Books(BookRules())
    books.close(books.open(wish(), call=1))
    with pytest.raises(RefusalError, match="SERIAL_REPEAT"):
        books.open(wish(), call=2)
