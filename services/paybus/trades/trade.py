"""A trade: one payment order, its state machine, and how it takes news from the gateway.

Every source (reply, callback, inquiry) goes through `move()`. Stale news changes nothing; a contradiction
is reported and never overwrites what we know of the money.
"""

from dataclasses import dataclass, replace
from enum import StrEnum, unique
from types import MappingProxyType

from paybus.trades.happening import Happening
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts


@unique
class TradeState(StrEnum):
    """Our names for the states of docs/protocol.md §7.4, and three of our own."""

    ACCEPTED = "accepted"  # ours: nothing heard from the gateway yet
    AWAITING_PAYMENT = "awaiting_payment"  # 0
    PAID = "paid"  # 1
    REVOKED = "revoked"  # 2
    REVOCATION_REQUESTED = "revocation_requested"  # 3
    PARTIALLY_REFUNDED = "partially_refunded"  # 4
    REFUNDED = "refunded"  # 5
    CLOSED = "closed"  # 6
    UNKNOWN = "unknown"  # ours: sent, and not told what became of it
    DECLINED = "declined"  # ours: the gateway said no


@unique
class News(StrEnum):
    """What a piece of news says the trade is now."""

    CREATED = "created"
    PAID = "paid"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    REVOCATION_REQUESTED = "revocation_requested"
    CLOSED = "closed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


@unique
class Reading(StrEnum):
    """News that does not move the trade."""

    STALE = "stale"
    CONTRADICTION = "contradiction"


_STALE, _AGAINST = Reading.STALE, Reading.CONTRADICTION
_S = TradeState
_NO_MONEY = Fen(0)
_MONEY_NEVER_MOVED: dict[News, TradeState | Reading] = {
    News.CREATED: _STALE,
    News.PAID: _AGAINST,
    News.DECLINED: _STALE,
    News.UNKNOWN: _STALE,
    News.REVOKED: _STALE,
    News.REVOCATION_REQUESTED: _STALE,
    News.CLOSED: _STALE,
    News.PARTIALLY_REFUNDED: _AGAINST,
    News.REFUNDED: _AGAINST,
}
_NOTHING_KNOWN: dict[News, TradeState | Reading] = {
    News.CREATED: _S.AWAITING_PAYMENT,
    News.PAID: _S.PAID,
    News.DECLINED: _S.DECLINED,
    News.UNKNOWN: _S.UNKNOWN,
    News.REVOKED: _S.REVOKED,
    News.REVOCATION_REQUESTED: _S.REVOCATION_REQUESTED,
    News.CLOSED: _S.CLOSED,
    # Money was taken and given back, and not by a refund of ours.
    News.PARTIALLY_REFUNDED: _AGAINST,
    News.REFUNDED: _AGAINST,
}
_TRANSITIONS: dict[TradeState, dict[News, TradeState | Reading]] = {
    _S.ACCEPTED: _NOTHING_KNOWN,
    _S.UNKNOWN: {**_NOTHING_KNOWN, News.UNKNOWN: _STALE},
    _S.AWAITING_PAYMENT: {**_NOTHING_KNOWN, News.CREATED: _STALE, News.UNKNOWN: _STALE},
    _S.PAID: {
        News.CREATED: _STALE,
        News.PAID: _STALE,
        News.DECLINED: _AGAINST,
        News.UNKNOWN: _STALE,
        News.REVOKED: _S.REVOKED,
        News.REVOCATION_REQUESTED: _S.REVOCATION_REQUESTED,
        News.CLOSED: _AGAINST,
        News.PARTIALLY_REFUNDED: _S.PARTIALLY_REFUNDED,
        News.REFUNDED: _S.REFUNDED,
    },
    _S.REVOCATION_REQUESTED: {
        News.CREATED: _STALE,
        News.PAID: _AGAINST,
        News.DECLINED: _AGAINST,
        News.UNKNOWN: _STALE,
        News.REVOKED: _S.REVOKED,
        News.REVOCATION_REQUESTED: _STALE,
        News.CLOSED: _S.CLOSED,
        News.PARTIALLY_REFUNDED: _AGAINST,
        News.REFUNDED: _AGAINST,
    },
    _S.PARTIALLY_REFUNDED: {
        News.CREATED: _STALE,
        News.PAID: _STALE,
        News.DECLINED: _AGAINST,
        News.UNKNOWN: _STALE,
        News.REVOKED: _AGAINST,
        News.REVOCATION_REQUESTED: _AGAINST,
        News.CLOSED: _AGAINST,
        News.PARTIALLY_REFUNDED: _S.PARTIALLY_REFUNDED,
        News.REFUNDED: _S.REFUNDED,
    },
    _S.REFUNDED: {
        News.CREATED: _STALE,
        News.PAID: _STALE,
        News.DECLINED: _AGAINST,
        News.UNKNOWN: _STALE,
        News.REVOKED: _AGAINST,
        News.REVOCATION_REQUESTED: _AGAINST,
        News.CLOSED: _STALE,
        News.PARTIALLY_REFUNDED: _STALE,
        News.REFUNDED: _STALE,
    },
    _S.REVOKED: _MONEY_NEVER_MOVED,
    _S.CLOSED: _MONEY_NEVER_MOVED,
    _S.DECLINED: _MONEY_NEVER_MOVED,
}
TRANSITIONS = MappingProxyType({state: MappingProxyType(row) for state, row in _TRANSITIONS.items()})
HAPPENING_OF = MappingProxyType(
    {
        _S.AWAITING_PAYMENT: Happening.TRADE_CREATED,
        _S.PAID: Happening.TRADE_PAID,
        _S.DECLINED: Happening.TRADE_DECLINED,
        _S.UNKNOWN: Happening.TRADE_UNKNOWN,
        _S.REVOKED: Happening.TRADE_REVOKED,
        _S.REVOCATION_REQUESTED: Happening.TRADE_REVOCATION_REQUESTED,
        _S.CLOSED: Happening.TRADE_CLOSED,
        _S.PARTIALLY_REFUNDED: Happening.TRADE_PARTIALLY_REFUNDED,
        _S.REFUNDED: Happening.TRADE_REFUNDED,
    }
)
WITHOUT_OUTCOME = frozenset({TradeState.ACCEPTED, TradeState.UNKNOWN})
"""The gateway has not told what became of the pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What we know of one trade; money in fen, `version` counts its events."""

    merchant_id: str
    charge_code: str
    state: TradeState
    version: int
    amount_fen: Fen
    paid_fen: Fen = _NO_MONEY
    refunded_fen: Fen = _NO_MONEY
    reserved_fen: Fen = _NO_MONEY
    cancelling: bool = False
    """A cancel is on its way to the gateway, or may be."""
    down_code: str | None = None
    third_code: str | None = None
    channel_type: int | None = None

    @property
    def remainder_fen(self) -> Fen:
        """What can still be refunded: paid, less refunded, less promised to refunds under way."""
        return Fen(self.paid_fen - self.refunded_fen - self.reserved_fen)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a piece of news did: the trade after it, and what is to be announced, in order."""

    trade: Trade
    happenings: tuple[Happening, ...] = ()
    reading: Reading | None = None


def move(state: TradeState, news: News) -> TradeState | Reading:
    """Say where *news* takes a trade in *state*; total over all pairs, never raises."""
    return TRANSITIONS[state][news]


def hear(trade: Trade, news: News, facts: Facts) -> Heard:
    """Apply *news* to *trade*. An amount other than the trade's is a contradiction whatever the news says."""
    if other_amount(trade.amount_fen, facts):
        return contradict(trade)
    following = move(trade.state, news)
    if following is Reading.CONTRADICTION and _repeats_a_known_payment(trade, news):
        following = Reading.STALE
    if following is Reading.CONTRADICTION:
        return contradict(trade)
    if following is Reading.STALE:
        return Heard(trade, reading=Reading.STALE)
    assert isinstance(following, TradeState)
    moved = replace(
        _remember(trade, facts),
        state=following,
        version=trade.version + 1,
        paid_fen=trade.amount_fen if news is News.PAID else trade.paid_fen,
    )
    return Heard(moved, (HAPPENING_OF[following],))


def other_amount(amount_fen: Fen, facts: Facts) -> bool:
    """Say whether the gateway told an amount, and another one than *amount_fen*."""
    return facts.amount_fen is not None and facts.amount_fen != amount_fen


def announce(trade: Trade, happening: Happening) -> Heard:
    """Announce something that does not move the trade; it takes a version like everything announced."""
    return Heard(replace(trade, version=trade.version + 1), (happening,))


def contradict(trade: Trade) -> Heard:
    """Report that the gateway contradicts what we know; what we know stays."""
    return replace(announce(trade, Happening.TRADE_DISCREPANCY), reading=Reading.CONTRADICTION)


def _repeats_a_known_payment(trade: Trade, news: News) -> bool:
    # A late copy of "paid" after we were told of the payment and then revoked it is old news.
    return news is News.PAID and trade.paid_fen == trade.amount_fen


def _remember(trade: Trade, facts: Facts) -> Trade:
    return replace(
        trade,
        down_code=facts.down_code or trade.down_code,
        third_code=facts.third_code or trade.third_code,
        channel_type=trade.channel_type if facts.channel_type is None else facts.channel_type,
    )
