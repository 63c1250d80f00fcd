"""Watched trades: which they are, how often they are asked about, and what an answer does."""

import pytest
from tests.trades.examples import AMOUNT, a_trade

from paybus.trades.guard import ENDED_UNPAID
from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts
from paybus.trades.trade import Trade, TradeState
from paybus.trades.watch import Lesson, Rules, Watch, learn, next_watch_seconds, watched_for

RULES = Rules(first_seconds=10.0, longest_seconds=60.0)
WAITING = a_trade(TradeState.AWAITING_PAYMENT)
REVOKED = a_trade(TradeState.REVOKED)


def _told(
    trade: Trade,
    state: int | None,
    *,
    asked: int = 0,
    amount_fen: int = AMOUNT,
    announced: bool = False,
    rules: Rules = RULES,
) -> Lesson:
    facts = Facts(gateway_state=state, amount_fen=Fen(amount_fen), down_code="D1")
    return learn(trade, asked, ("SUCCESS", facts), announced=announced, rules=rules)


@pytest.mark.parametrize("state", TradeState)
@pytest.mark.parametrize("paid_fen", [0, AMOUNT])
def test_only_what_nobody_else_asks_about_is_watched(state: TradeState, paid_fen: int) -> None:
    """An order that waits, and what was revoked unpaid; nothing paid, and nothing in its own pay's care."""
    watch = watched_for(a_trade(state, paid_fen=Fen(paid_fen)))
    match state:
        case TradeState.AWAITING_PAYMENT:
            assert watch is Watch.CUSTOMER
        case TradeState.REVOKED | TradeState.CLOSED if not paid_fen:
            assert watch is Watch.LATE_CHARGE
        case _:
            assert watch is None


def test_waits_double_up_to_the_longest() -> None:
    """Quick while the customer looks at the code, then rarely; an order is asked about until its end."""
    waits = [next_watch_seconds(Watch.CUSTOMER, asked, RULES) for asked in (0, 1, 2, 3, 4, 10_000)]
    assert waits == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


def test_a_late_charge_is_waited_for_as_long_as_waits_grow() -> None:
    """It comes soon after the revocation, or the comparison of the day finds it."""
    waits = [next_watch_seconds(Watch.LATE_CHARGE, asked, RULES) for asked in (0, 1, 2, 3, 10_000)]
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
    lesson = learn(WAITING, 0, answer, announced=False, rules=RULES)
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


@pytest.mark.parametrize("state", sorted(set(TradeState) - {TradeState.AWAITING_PAYMENT, *ENDED_UNPAID}))
def test_who_was_told_meanwhile_is_watched_no_longer(state: TradeState) -> None:
    """A callback that was faster has moved the trade: an old answer changes nothing and the watch ends."""
    trade = a_trade(state)
    lesson = _told(trade, 1)
    assert (lesson.heard.trade, lesson.heard.happenings, lesson.due_seconds) == (trade, (), None)


@pytest.mark.parametrize("state", sorted(ENDED_UNPAID))
def test_a_late_charge_is_announced_and_given_back(state: TradeState) -> None:
    """Charged after its end: the trade stays ended, its books have the charge, and all of it is refunded."""
    lesson = _told(a_trade(state), 1)
    trade = lesson.heard.trade
    assert lesson.heard.happenings == (Happening.TRADE_DISCREPANCY,)
    assert (trade.state, trade.paid_fen, trade.refunded_fen, trade.version) == (state, AMOUNT, 0, 2)
    assert (lesson.give_back, lesson.due_seconds) == (True, None)


def test_a_late_charge_that_was_announced_is_not_announced_again() -> None:
    """A callback or the pay's own inquiry was first: the refund follows, and no second discrepancy."""
    lesson = _told(REVOKED, 1, announced=True)
    assert (lesson.heard.happenings, lesson.heard.trade.version) == ((), REVOKED.version)
    assert (lesson.heard.trade.paid_fen, lesson.give_back) == (AMOUNT, True)


@pytest.mark.parametrize("announced", [False, True])
def test_by_policy_a_late_charge_is_left_to_a_person(announced: bool) -> None:
    """Without the policy it is announced once, and no money fact is touched."""
    rules = Rules(refund_late_charges=False)
    lesson = _told(REVOKED, 1, announced=announced, rules=rules)
    assert lesson.heard.happenings == (() if announced else (Happening.TRADE_DISCREPANCY,))
    assert (lesson.heard.trade.paid_fen, lesson.give_back, lesson.due_seconds) == (0, False, None)


def test_a_payment_that_was_known_is_not_given_back_twice() -> None:
    """Revoked after it was paid: the gateway has returned that money itself."""
    lesson = _told(a_trade(TradeState.REVOKED, paid_fen=AMOUNT), 1)
    assert (lesson.heard.happenings, lesson.give_back, lesson.due_seconds) == ((), False, None)


def test_a_revoked_trade_that_stays_so_is_no_news() -> None:
    """The gateway agrees: nothing is announced, and a late charge is looked for once more."""
    lesson = _told(REVOKED, 2)
    assert (lesson.heard.happenings, lesson.due_seconds) == ((), 20.0)
