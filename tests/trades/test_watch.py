"""Watched trades: which they are, how often they are asked about, and what an answer does."""

import pytest
from tests.trades.examples import AMOUNT, a_trade

from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts
from paybus.trades.trade import Trade, TradeState
from paybus.trades.watch import Lesson, Pace, Watch, learn, next_watch_seconds, watched_for

PACE = Pace(first_seconds=10.0, longest_seconds=60.0)
WAITING = a_trade(TradeState.AWAITING_PAYMENT)
REVOKED = a_trade(TradeState.REVOKED)


def _told(trade: Trade, state: int | None, *, asked: int = 0, amount_fen: int = AMOUNT) -> Lesson:
    facts = Facts(gateway_state=state, amount_fen=Fen(amount_fen), down_code="D1")
    return learn(trade, asked, ("SUCCESS", facts), PACE)


@pytest.mark.parametrize("state", TradeState)
@pytest.mark.parametrize("paid_fen", [0, AMOUNT])
def test_only_what_nobody_else_asks_about_is_watched(state: TradeState, paid_fen: int) -> None:
    """An order that waits, and what was revoked unpaid; nothing paid, and nothing in its own pay's care."""
    watch = watched_for(a_trade(state, paid_fen=Fen(paid_fen)))
    match state:
        case TradeState.AWAITING_PAYMENT:
            assert watch is Watch.CUSTOMER
        case TradeState.REVOKED if not paid_fen:
            assert watch is Watch.LATE_CHARGE
        case _:
            assert watch is None


def test_waits_double_up_to_the_longest() -> None:
    """Quick while the customer looks at the code, then rarely; an order is asked about until its end."""
    waits = [next_watch_seconds(Watch.CUSTOMER, asked, PACE) for asked in (0, 1, 2, 3, 4, 10_000)]
    assert waits == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


def test_a_late_charge_is_waited_for_as_long_as_waits_grow() -> None:
    """It comes soon after the revocation, or the comparison of the day finds it."""
    waits = [next_watch_seconds(Watch.LATE_CHARGE, asked, PACE) for asked in (0, 1, 2, 3, 10_000)]
    assert waits == [10.0, 20.0, 40.0, None, None]


def test_a_lost_callback_is_made_good() -> None:
    """The payment that an inquiry shows is news like a callback's, and ends the watch."""
    lesson = _told(WAITING, 1)
    assert lesson.heard.happenings == (Happening.TRADE_PAID,)
    assert (lesson.heard.trade.state, lesson.heard.trade.paid_fen) == (TradeState.PAID, AMOUNT)
    assert lesson.heard.trade.down_code == "D1"
    assert lesson.due_seconds is None


@pytest.mark.parametrize(
    ("state", "happening"),
    [(2, Happening.TRADE_REVOKED), (3, Happening.TRADE_REVOCATION_REQUESTED), (6, Happening.TRADE_CLOSED)],
)
def test_an_order_that_ended_unpaid_is_announced(state: int, happening: Happening) -> None:
    """Expired, closed or revoked at the gateway: the trade becomes what the gateway says."""
    lesson = _told(WAITING, state)
    assert lesson.heard.happenings == (happening,)
    assert lesson.heard.trade.paid_fen == 0


def test_an_order_that_still_waits_is_asked_about_again() -> None:
    """Nothing is announced, and the next wait is the longer one."""
    lesson = _told(WAITING, 0, asked=1)
    assert (lesson.heard.trade, lesson.heard.happenings, lesson.due_seconds) == (WAITING, (), 40.0)


@pytest.mark.parametrize(
    "answer", [None, ("CHARGE_NONEXISTENT", Facts()), ("EXCEPTION", Facts()), ("", Facts())]
)
def test_silence_and_trouble_decide_nothing(answer: tuple[str, Facts] | None) -> None:
    """Only the gateway's word about the order's state moves its trade; "not there" is none."""
    lesson = learn(WAITING, 0, answer, PACE)
    assert (lesson.heard.trade, lesson.heard.happenings, lesson.due_seconds) == (WAITING, (), 20.0)


def test_a_state_nobody_listed_decides_nothing() -> None:
    """An unlisted state is never "paid"."""
    assert _told(WAITING, 77).heard.trade == WAITING


@pytest.mark.parametrize("trade", [WAITING, REVOKED])
def test_another_amount_is_a_discrepancy_that_is_told_once(trade: Trade) -> None:
    """It is announced, changes no money, and is not asked about again: a person has to look."""
    lesson = _told(trade, 1, amount_fen=AMOUNT + 1)
    assert lesson.heard.happenings == (Happening.TRADE_DISCREPANCY,)
    assert (lesson.heard.trade.state, lesson.heard.trade.paid_fen) == (trade.state, 0)
    assert lesson.due_seconds is None


@pytest.mark.parametrize("state", set(TradeState) - {TradeState.AWAITING_PAYMENT, TradeState.REVOKED})
def test_who_was_told_meanwhile_is_watched_no_longer(state: TradeState) -> None:
    """A callback that was faster has moved the trade: an old answer changes nothing and the watch ends."""
    trade = a_trade(state)
    lesson = _told(trade, 1)
    assert (lesson.heard.trade, lesson.heard.happenings, lesson.due_seconds) == (trade, (), None)


def test_a_late_charge_is_a_discrepancy() -> None:
    """Charged after it was revoked: announced, and the trade stays revoked."""
    lesson = _told(REVOKED, 1)
    assert lesson.heard.happenings == (Happening.TRADE_DISCREPANCY,)
    assert lesson.heard.trade.state is TradeState.REVOKED
    assert lesson.due_seconds is None


def test_a_revoked_trade_that_stays_so_is_no_news() -> None:
    """The gateway agrees: nothing is announced, and a late charge is looked for once more."""
    lesson = _told(REVOKED, 2)
    assert (lesson.heard.happenings, lesson.due_seconds) == ((), 20.0)
