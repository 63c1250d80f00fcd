"""The guards: what may be sent now, what waits, what never goes."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.trades.examples import AMOUNT, a_trade, rows

from paybus.trades.guard import (
    AlreadySo,
    Decision,
    Granted,
    Needless,
    Refused,
    Wait,
    begin_cancel,
    may_cancel,
    may_pay,
    may_refund,
    reserve,
)
from paybus.trades.money import Fen
from paybus.trades.trade import TradeState

EXPECTED = rows("""
                     pay     refund                       refund_while_cancelling cancel
accepted             granted wait                         wait                    wait
unknown              granted wait                         wait                    wait
awaiting_payment     already trade_not_paid               wait                    granted
paid                 already granted                      wait                    granted
partially_refunded   already granted                      wait                    trade_partially_refunded
refunded             already granted                      wait                    trade_refunded
revocation_requested already trade_revocation_requested   wait                    trade_revocation_requested
revoked              already trade_revoked                wait                    already
closed               already trade_closed                 wait                    trade_closed
declined             already trade_declined               wait                    trade_declined
""")
ONE = Fen(1)


def _decision(word: str) -> Decision:
    words = {"granted": Granted(), "wait": Wait(), "already": AlreadySo(), "needless": Needless()}
    return words.get(word) or Refused(word)


def test_expected_table_is_whole() -> None:
    """The expected table has every trade state, so none goes untested."""
    assert set(EXPECTED) == set(TradeState)


@pytest.mark.parametrize("state", TradeState)
def test_every_guard_for_every_state(state: TradeState) -> None:
    """Each guard decides about a trade in each state as the independently written table says."""
    trade, expected = a_trade(state), EXPECTED[state]
    assert may_pay(trade) == _decision(expected["pay"])
    assert may_refund(trade, ONE) == _decision(expected["refund"])
    assert may_refund(begin_cancel(trade), ONE) == _decision(expected["refund_while_cancelling"])
    assert may_cancel(trade) == _decision(expected["cancel"])
    assert may_cancel(begin_cancel(trade)) == _decision(expected["cancel"])


AUTOMATIC = rows("""
                     automatic_refund             overdue_cancel             automatic_cancel
accepted             wait                         granted                    granted
unknown              wait                         granted                    granted
awaiting_payment     trade_not_paid               granted                    needless
paid                 granted                      granted                    needless
partially_refunded   granted                      trade_partially_refunded   needless
refunded             granted                      trade_refunded             needless
revocation_requested trade_revocation_requested   trade_revocation_requested needless
revoked              granted                      already                    already
closed               granted                      trade_closed               needless
declined             trade_declined               trade_declined             needless
""")


@pytest.mark.parametrize("state", TradeState)
def test_what_nobody_asked_for_is_guarded_for_every_state(state: TradeState) -> None:
    """A cancel past the deadline does not wait, an automatic one never revokes a payment that came after all.

    An automatic refund gives back what was charged after the end of a trade, and nothing that was not.
    """
    trade, expected = a_trade(state, paid_fen=AMOUNT), AUTOMATIC[state]
    assert may_refund(trade, ONE, automatic=True) == _decision(expected["automatic_refund"])
    assert may_refund(begin_cancel(trade), ONE, automatic=True) == Wait()
    assert may_cancel(trade, overdue=True) == _decision(expected["overdue_cancel"])
    assert may_cancel(trade, overdue=True, automatic=True) == _decision(expected["automatic_cancel"])


def test_the_automatic_table_is_whole() -> None:
    """The table of what nobody asked for has every trade state, too."""
    assert set(AUTOMATIC) == set(TradeState)


def test_an_automatic_refund_gives_no_more_back_than_was_charged() -> None:
    """Without a charge in the books nothing can be given back, whoever asks."""
    assert may_refund(a_trade(TradeState.REVOKED), ONE, automatic=True) == Refused("amount_above_remainder")


def test_a_trade_we_have_not_seen_is_waited_for() -> None:
    """A refund or cancel that overtook its pay waits; it is not refused."""
    assert may_refund(None, ONE) == Wait()
    assert may_cancel(None) == Wait()
    assert may_cancel(None, overdue=True, automatic=True) == Wait()


@pytest.mark.parametrize(
    ("amount", "granted"), [(1, True), (10000, True), (10001, False), (15800, False), (15801, False)]
)
def test_a_refund_may_take_the_remainder_and_no_fen_more(amount: int, granted: bool) -> None:
    """The bound is paid less refunded less reserved, and reaching it exactly is allowed."""
    trade = a_trade(TradeState.PARTIALLY_REFUNDED, refunded_fen=Fen(800), reserved_fen=Fen(5000))
    expected = Granted() if granted else Refused("amount_above_remainder")
    assert may_refund(trade, Fen(amount)) == expected


def test_nothing_is_left_of_a_refunded_trade() -> None:
    """A trade that was refunded whole refuses even one fen."""
    trade = a_trade(TradeState.REFUNDED, refunded_fen=AMOUNT)
    assert may_refund(trade, ONE) == Refused("amount_above_remainder")


def test_a_cancel_does_not_overtake_a_refund() -> None:
    """While a refund holds money of the trade, a cancel is refused: both would give it back."""
    assert may_cancel(reserve(a_trade(TradeState.PAID), ONE)) == Refused("refund_in_progress")


def test_reserving_takes_no_version() -> None:
    """A granted refund or cancel is not yet news: only the money held, or the mark, changes."""
    trade = a_trade(TradeState.PAID)
    held, cancelling = reserve(trade, Fen(800)), begin_cancel(trade)
    assert (held.reserved_fen, held.version, held.state) == (800, trade.version, trade.state)
    assert (cancelling.cancelling, cancelling.version, cancelling.state) == (True, trade.version, trade.state)


@pytest.mark.parametrize("amount", [0, -1, AMOUNT + 1])
def test_reserving_what_was_not_granted_is_a_programmers_error(amount: int) -> None:
    """Nothing, less than nothing or more than the remainder can not be reserved."""
    with pytest.raises(AssertionError):
        reserve(a_trade(TradeState.PAID), Fen(amount))


@given(st.lists(st.integers(min_value=1, max_value=2 * AMOUNT), max_size=50))
def test_refunds_at_once_never_exceed_the_payment(amounts: Sequence[int]) -> None:
    """Of any refunds at once, those granted fit into what was paid and those refused did not fit."""
    trade = a_trade(TradeState.PAID)
    for amount in map(Fen, amounts):
        before = trade.remainder_fen
        if may_refund(trade, amount) == Granted():
            trade = reserve(trade, amount)
        else:
            assert amount > before
        assert 0 <= trade.reserved_fen <= trade.paid_fen
