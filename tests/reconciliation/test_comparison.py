"""Two lists of a day side by side: every break, and everything that is none. Pure."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.trades.examples import AMOUNT, a_trade

from paybus.reconciliation.comparison import Break, Comparison, Shown, compare, judge
from paybus.reconciliation.day import BusinessDay
from paybus.trades.money import Fen
from paybus.trades.trade import WITHOUT_OUTCOME, Trade, TradeState

DAY = BusinessDay(date(2026, 1, 31))
NOON = DAY.begin + timedelta(hours=12)
STATES = (None, 0, 1, 2, 3, 4, 5, 6, 8, 9, 77)
"""The gateway's, one that nobody listed, and None: not there."""

# Written from the words of the protocol: which of the gateway's states say the same as ours.
AGREE: dict[TradeState, set[int | None]] = {
    TradeState.AWAITING_PAYMENT: {0},
    TradeState.PAID: {1, 9},
    TradeState.DECLINED: {None, 2, 6},
    TradeState.REVOKED: {2},
    TradeState.REVOCATION_REQUESTED: {3},
    TradeState.CLOSED: {6},
    TradeState.PARTIALLY_REFUNDED: {4, 9},
    TradeState.REFUNDED: {5},
}


def _shown(state: int | None = 1, **changed: Any) -> Shown:
    values: dict[str, Any] = {"charge_code": "C1", "amount_fen": AMOUNT, "begun_at": NOON}
    return Shown(state=state, **values | changed)


def _compare(begun: list[Trade], shown: list[Shown], known: list[Trade] | None = None) -> Comparison:
    by_code = {trade.charge_code: trade for trade in (begun if known is None else known)}
    return compare("0010000001", DAY, begun=begun, known=by_code, shown=shown)


def _kinds(compared: Comparison) -> list[Break]:
    return [one.kind for one in compared.differences]


PAID = a_trade(TradeState.PAID)


@pytest.mark.parametrize("state", AGREE)
@pytest.mark.parametrize("theirs", STATES)
def test_every_pair_of_states(state: TradeState, theirs: int | None) -> None:
    """Each of our states agrees with those of the gateway that say the same, and with no other."""
    shown = None if theirs is None else _shown(theirs)
    kind = judge(a_trade(state), shown)
    if theirs in AGREE[state]:
        assert kind is None
    else:
        assert kind is (Break.MISSING_THERE if shown is None else Break.STATE_DIFFERS)


def test_the_pairs_are_whole() -> None:
    """Each state is in the table or has no outcome yet."""
    assert set(AGREE) | WITHOUT_OUTCOME == set(TradeState)


@pytest.mark.parametrize("state", sorted(WITHOUT_OUTCOME))
@pytest.mark.parametrize("theirs", STATES)
def test_what_is_being_asked_about_is_no_break(state: TradeState, theirs: int | None) -> None:
    """An unknown trade is open where everybody can see it, and its own operation asks."""
    shown = [] if theirs is None else [_shown(theirs)]
    compared = _compare([a_trade(state)], shown)
    assert (compared.matched, compared.open, compared.differences) == (0, 1, ())


def test_a_cancel_on_its_way_is_waited_for() -> None:
    """Either side may know of its end first."""
    compared = _compare([replace(PAID, cancelling=True)], [_shown(2)])
    assert (compared.open, compared.differences) == (1, ())


def test_a_day_that_agrees() -> None:
    """A trade and its order are one match."""
    compared = _compare([PAID], [_shown(1)])
    assert (compared.matched, compared.open, compared.differences) == (1, 0, ())


def test_missing_here() -> None:
    """An order of a code that nobody asked us for."""
    compared = _compare([], [_shown(1)])
    (difference,) = compared.differences
    assert (difference.kind, difference.charge_code, difference.trade) == (Break.MISSING_HERE, "C1", None)
    assert compared.matched == 0


def test_missing_there() -> None:
    """A trade that is paid by what we know, and which the gateway does not list."""
    (difference,) = _compare([PAID], []).differences
    assert (difference.kind, difference.trade, difference.shown) == (Break.MISSING_THERE, PAID, None)


def test_amount_differs() -> None:
    """Another amount outweighs whatever the states say."""
    assert _kinds(_compare([PAID], [_shown(1, amount_fen=Fen(AMOUNT + 1))])) == [Break.AMOUNT_DIFFERS]
    assert _kinds(_compare([PAID], [_shown(2, amount_fen=Fen(AMOUNT - 1))])) == [Break.AMOUNT_DIFFERS]


def test_state_differs() -> None:
    """Paid here, revoked there."""
    assert _kinds(_compare([PAID], [_shown(2)])) == [Break.STATE_DIFFERS]


def test_a_state_that_cannot_be_read_does_not_agree() -> None:
    """Nothing is taken for granted: a person looks."""
    assert _kinds(_compare([PAID], [_shown(None)])) == [Break.STATE_DIFFERS]


def test_an_amount_that_is_not_told_contradicts_nothing() -> None:
    """The list may be silent about it."""
    assert _compare([PAID], [_shown(1, amount_fen=None)]).matched == 1


def test_a_second_order_under_one_code_is_one_too_many() -> None:
    """The first is compared, the second cannot be ours."""
    compared = _compare([PAID], [_shown(1), _shown(1, down_code="D2")])
    assert (compared.matched, _kinds(compared)) == (1, [Break.MISSING_HERE])
    assert compared.differences[0].trade == PAID


def test_a_trade_of_another_day_is_found_by_its_code() -> None:
    """It was accepted before midnight and sent after it: known is known."""
    assert _compare([], [_shown(1)], known=[PAID]).matched == 1


@pytest.mark.parametrize("moment", [DAY.begin - timedelta(minutes=1), DAY.end])
def test_orders_of_other_days_only_say_that_they_are_there(moment: Any) -> None:
    """What differs in them is told on their own day; but ours is not missing there."""
    there = _shown(2, begun_at=moment)
    assert _compare([PAID], [there]) == Comparison(0, 0, ())
    assert _compare([], [there], known=[]) == Comparison(0, 0, ())


def test_a_refund_under_way_may_be_known_to_either_side_first() -> None:
    """While money is reserved, the gateway may show the payment, the refund, or what it made of it."""
    trade = replace(PAID, reserved_fen=Fen(5000))
    assert [state for state in STATES if judge(trade, _shown(state)) is None and state is not None] == [
        1, 4, 5, 8, 9,
    ]  # fmt: skip


def test_a_refund_under_way_that_we_know_nothing_of_is_a_break() -> None:
    """Money on its way back without a refund of ours."""
    assert judge(PAID, _shown(8)) is Break.STATE_DIFFERS


@pytest.mark.parametrize("state", [TradeState.REVOKED, TradeState.CLOSED])
def test_a_late_charge_that_was_given_back_is_refunded_there(state: TradeState) -> None:
    """The trade stays revoked here; there it was paid, and refunded by us."""
    trade = a_trade(state, paid_fen=AMOUNT, refunded_fen=AMOUNT)
    assert judge(trade, _shown(5)) is None
    assert judge(trade, _shown(1)) is Break.STATE_DIFFERS
