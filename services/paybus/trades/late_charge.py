"""A charge that comes after its trade ended unpaid: it is announced once, and by policy given back once."""

from dataclasses import replace
from typing import Final

from paybus.trades.aftermath import unmoved
from paybus.trades.guard import ENDED_UNPAID
from paybus.trades.outcome import Facts
from paybus.trades.trade import Heard, Trade, contradict

_PAID_STATE: Final = 1


def is_late_charge(trade: Trade, facts: Facts) -> bool:
    """Say whether the gateway shows *trade* as paid although it ended unpaid and we know of no payment."""
    unpaid = trade.state in ENDED_UNPAID and not trade.paid_fen
    return unpaid and facts.gateway_state == _PAID_STATE and facts.amount_fen == trade.amount_fen


def hear_late_charge(trade: Trade, *, announced: bool, give_back: bool) -> Heard:
    """Report a late charge, unless it was *announced* by whoever heard of it first.

    To *give back* is to believe it: the charge enters the books, so that a refund of it can be reserved.
    """
    heard = unmoved(trade) if announced else contradict(trade)
    if not give_back:
        return heard
    return replace(heard, trade=replace(heard.trade, paid_fen=trade.amount_fen))
