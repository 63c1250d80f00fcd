"""Our trades of a day beside the gateway's list: what matches, and every way in which they differ. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from paybus.reconciliation.day import BusinessDay
from paybus.trades.guard import ENDED_UNPAID
from paybus.trades.money import Fen
from paybus.trades.trade import WITHOUT_OUTCOME, Trade, TradeState


@unique
class Break(StrEnum):
    """How a trade differs. The ledger keeps these words."""

    MISSING_HERE = "missing_here"
    """The gateway has an order that nobody asked us for."""
    MISSING_THERE = "missing_there"
    """The gateway has not what we say it did."""
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One order as the gateway shows it; None where it says nothing, or nothing that can be read."""

    charge_code: str
    state: int | None
    amount_fen: Fen | None
    begun_at: datetime | None = None
    down_code: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One break, with both sides as they were compared."""

    kind: Break
    merchant_id: str
    charge_code: str
    trade: Trade | None
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A day compared. `open` are trades without outcome: they are asked about already, and are no breaks."""

    matched: int
    open: int
    differences: tuple[Difference, ...]


_NOT_THERE: Final = None
_AGREES: Mapping[TradeState, frozenset[int | None]] = MappingProxyType(
    {
        TradeState.AWAITING_PAYMENT: frozenset({0}),
        TradeState.PAID: frozenset({1, 9}),
        TradeState.REVOKED: frozenset({2}),
        TradeState.REVOCATION_REQUESTED: frozenset({3}),
        TradeState.PARTIALLY_REFUNDED: frozenset({4, 9}),
        TradeState.REFUNDED: frozenset({5}),
        TradeState.CLOSED: frozenset({6}),
        # What it refused it may never have had, or put away.
        TradeState.DECLINED: frozenset({_NOT_THERE, 2, 6}),
    }
)
"""Which of the gateway's states (docs/protocol.md §7.4) say the same as ours."""

_REFUNDING: Final = 8
_REFUNDED: Final = 5


def compare(
    merchant_id: str,
    day: BusinessDay,
    *,
    begun: Iterable[Trade],
    known: Mapping[str, Trade],
    shown: Iterable[Shown],
) -> Comparison:
    """Compare the trades that we have *begun* on *day* with the orders that the gateway has *shown*.

    *known* are our trades for all orders shown, whenever they were begun. Orders shown of other days only
    say that they are there.
    """
    there: set[str] = set()
    judged: list[tuple[Break | None, str, Trade | None, Shown | None]] = []
    for one in shown:
        code, trade = one.charge_code, known.get(one.charge_code)
        # There is one trade a code: a second order under it cannot be ours.
        kind = Break.MISSING_HERE if code in there else judge(trade, one)
        there.add(code)
        if day.has(one.begun_at):
            judged.append((kind, code, trade, one))
    judged += [
        (judge(trade, None), trade.charge_code, trade, None)
        for trade in begun
        if trade.charge_code not in there
    ]
    differences = tuple(
        Difference(kind, merchant_id, code, trade, one)
        for kind, code, trade, one in judged
        if kind is not None
    )
    still_open = sum(kind is None and _is_open(trade) for kind, _, trade, _ in judged)
    return Comparison(len(judged) - len(differences) - still_open, still_open, differences)


def judge(trade: Trade | None, shown: Shown | None) -> Break | None:
    """Say how a trade of ours and an order of theirs differ; None if they agree. One of the two is there."""
    if trade is None:
        return Break.MISSING_HERE
    if _is_open(trade):
        return None
    if shown is None:
        return None if _NOT_THERE in _agreeing(trade) else Break.MISSING_THERE
    if shown.amount_fen is not None and shown.amount_fen != trade.amount_fen:
        return Break.AMOUNT_DIFFERS
    return None if shown.state is not None and shown.state in _agreeing(trade) else Break.STATE_DIFFERS


def _agreeing(trade: Trade) -> frozenset[int | None]:
    agreeing = _AGREES[trade.state]
    if trade.reserved_fen:  # a refund is under way, and either side may know of its end first
        return agreeing | {_REFUNDING, 1, 4, _REFUNDED}
    if trade.state in ENDED_UNPAID and trade.refunded_fen == trade.paid_fen > 0:
        return frozenset({_REFUNDED})  # a late charge that was given back
    return agreeing


def _is_open(trade: Trade | None) -> bool:
    return trade is not None and (trade.state in WITHOUT_OUTCOME or trade.cancelling)
