"""A trade moves as its table says, and news never costs us what we know of the money."""

from dataclasses import replace
from itertools import product

import pytest
from tests.trades.examples import AMOUNT, a_trade, rows

from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts
from paybus.trades.trade import (
    TRANSITIONS,
    News,
    Reading,
    Trade,
    TradeState,
    announce,
    contradict,
    hear,
    move,
)

# Written from the words of the protocol, not from the code. "-" is stale, "!" a contradiction.
SHORT = """
          created  paid declined unknown revoked requested closed partly refunded
accepted  awaiting paid declined unknown revoked requested closed !      !
unknown   awaiting paid declined -       revoked requested closed !      !
awaiting  -        paid declined -       revoked requested closed !      !
paid      -        -    !        -       revoked requested !      partly refunded
partly    -        -    !        -       !       !         !      partly refunded
refunded  -        -    !        -       !       !         -      -      -
requested -        !    !        -       revoked -         closed !      !
revoked   -        !    -        -       -       -         -      !      !
closed    -        !    -        -       -       -         -      !      !
declined  -        !    -        -       -       -         -      !      !
"""
LONG = SHORT.replace("awaiting", "awaiting_payment").replace("partly", "partially_refunded")
EXPECTED = rows(LONG.replace("requested", "revocation_requested"))
EVENTS = {
    TradeState.AWAITING_PAYMENT: "trade.created",
    TradeState.PAID: "trade.paid",
    TradeState.DECLINED: "trade.declined",
    TradeState.UNKNOWN: "trade.unknown",
    TradeState.REVOKED: "trade.revoked",
    TradeState.REVOCATION_REQUESTED: "trade.revocation_requested",
    TradeState.CLOSED: "trade.closed",
    TradeState.PARTIALLY_REFUNDED: "trade.partially_refunded",
    TradeState.REFUNDED: "trade.refunded",
}
PAIRS = list(product(TradeState, News))
MONEY = ("amount_fen", "paid_fen", "refunded_fen", "reserved_fen", "cancelling")


def test_expected_table_is_whole() -> None:
    """The expected table has every state and every piece of news, so no pair goes untested."""
    assert set(EXPECTED) == set(TradeState)
    assert all(set(row) == set(News) for row in EXPECTED.values())


@pytest.mark.parametrize(("state", "news"), PAIRS)
def test_every_pair_moves_as_expected(state: TradeState, news: News) -> None:
    """Every state takes every piece of news as the independently written table says."""
    following = move(state, news)
    word = {Reading.STALE: "-", Reading.CONTRADICTION: "!"}.get(following, following)  # type: ignore[call-overload]
    assert word == EXPECTED[state][news]


@pytest.mark.parametrize(("state", "news"), PAIRS)
def test_news_announces_exactly_what_it_changes(state: TradeState, news: News) -> None:
    """A move is one event and one version; stale news is neither; a contradiction is one discrepancy."""
    trade = a_trade(state)
    heard = hear(trade, news, Facts())
    match EXPECTED[state][news]:
        case "-":
            assert (heard.trade, heard.happenings, heard.reading) == (trade, (), Reading.STALE)
        case "!" if _says_paid_again(trade, news):
            assert (heard.trade, heard.happenings, heard.reading) == (trade, (), Reading.STALE)
        case "!":
            assert heard.happenings == (Happening.TRADE_DISCREPANCY,)
            assert heard.trade == replace(trade, version=trade.version + 1)
        case following:
            assert heard.happenings == (EVENTS[TradeState(following)],)
            assert heard.trade.state == following
            assert heard.trade.version == trade.version + 1


def _says_paid_again(trade: Trade, news: News) -> bool:
    return news is News.PAID and trade.paid_fen > 0


@pytest.mark.parametrize(("state", "news"), PAIRS)
def test_an_amount_that_differs_never_moves_a_trade(state: TradeState, news: News) -> None:
    """Whatever the news, another amount than the trade's is reported and changes nothing else."""
    trade = a_trade(state)
    heard = hear(trade, news, Facts(amount_fen=Fen(AMOUNT - 1), down_code="D9"))
    assert heard.happenings == (Happening.TRADE_DISCREPANCY,)
    assert heard.trade == replace(trade, version=trade.version + 1)


@pytest.mark.parametrize(("state", "news"), PAIRS)
def test_only_payment_news_makes_money(state: TradeState, news: News) -> None:
    """The paid amount is set by "paid" alone, to the trade's amount; no news touches other money facts."""
    trade = a_trade(state, paid_fen=Fen(0))
    after = hear(trade, news, Facts(amount_fen=AMOUNT)).trade
    becomes_paid = EXPECTED[state][news] == "paid"
    assert after.paid_fen == (AMOUNT if becomes_paid else 0)
    for name in set(MONEY) - {"paid_fen"}:
        assert getattr(after, name) == getattr(trade, name)


@pytest.mark.parametrize("state", [TradeState.REVOKED, TradeState.CLOSED, TradeState.DECLINED])
def test_late_success_is_a_discrepancy(state: TradeState) -> None:
    """A first "paid" after the trade ended unpaid is reported, and the trade stays ended."""
    heard = hear(a_trade(state), News.PAID, Facts(amount_fen=AMOUNT))
    assert heard.happenings == (Happening.TRADE_DISCREPANCY,)
    assert heard.reading is Reading.CONTRADICTION
    assert heard.trade.state is state
    assert heard.trade.paid_fen == 0


@pytest.mark.parametrize("state", [TradeState.REVOKED, TradeState.REVOCATION_REQUESTED, TradeState.CLOSED])
def test_late_copy_of_a_known_payment_is_stale(state: TradeState) -> None:
    """A repeated "paid" after we knew of the payment and then revoked it is old news."""
    trade = a_trade(state, paid_fen=AMOUNT)
    assert hear(trade, News.PAID, Facts()).trade == trade
    assert hear(trade, News.PAID, Facts()).reading is Reading.STALE


@pytest.mark.parametrize(
    "state", [TradeState.REVOKED, TradeState.CLOSED, TradeState.DECLINED, TradeState.REFUNDED]
)
def test_ends_have_no_way_out(state: TradeState) -> None:
    """No news moves a trade that has ended."""
    assert not [news for news in News if isinstance(move(state, news), TradeState)]


def test_declined_is_only_ever_said_of_what_is_not_paid() -> None:
    """No state that knows of a payment can be declined."""
    declinable = {state for state in TradeState if move(state, News.DECLINED) is TradeState.DECLINED}
    assert declinable == {TradeState.ACCEPTED, TradeState.UNKNOWN, TradeState.AWAITING_PAYMENT}


def test_facts_are_remembered_and_not_forgotten() -> None:
    """Codes and channel told once stay, also when later news is silent about them; 0 is a channel."""
    told = Facts(down_code="D1", third_code="T1", channel_type=0)
    created = hear(a_trade(TradeState.ACCEPTED), News.CREATED, told).trade
    assert (created.down_code, created.third_code, created.channel_type) == ("D1", "T1", 0)
    paid = hear(created, News.PAID, Facts(channel_type=2)).trade
    assert (paid.down_code, paid.third_code, paid.channel_type) == ("D1", "T1", 2)


def test_announcing_and_contradicting_take_one_version_each() -> None:
    """What is announced beside a move still takes the next version, and nothing else changes."""
    trade = a_trade(TradeState.PAID)
    for heard in (announce(trade, Happening.REFUND_UNKNOWN), contradict(trade)):
        assert heard.trade == replace(trade, version=trade.version + 1)
        assert len(heard.happenings) == 1


def test_remainder_is_paid_less_refunded_less_reserved() -> None:
    """What may still be refunded leaves out both what went back and what is promised."""
    trade = a_trade(TradeState.PAID, refunded_fen=Fen(800), reserved_fen=Fen(5000))
    assert trade.remainder_fen == 10000


def test_table_cannot_be_changed() -> None:
    """The table of transitions is data that nobody can write to."""
    with pytest.raises(TypeError):
        TRANSITIONS[TradeState.PAID] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        TRANSITIONS[TradeState.PAID][News.PAID] = Reading.STALE  # type: ignore[index]
