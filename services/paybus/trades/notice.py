"""What a callback does to its trade. Only "paid" is believed as it stands; anything else is asked about."""

from enum import StrEnum, unique

from paybus.trades.outcome import Facts
from paybus.trades.trade import Heard, News, Reading, Trade, contradict, hear

PAID_STATE = 1
"""The gateway's state of a paid order, the only one a callback proves (docs/protocol.md §6.2)."""


@unique
class Receipt(StrEnum):
    """What became of a callback whose sign was right."""

    APPLIED = "applied"
    STALE = "stale"
    """We knew it already."""
    DISCREPANCY = "discrepancy"
    """It contradicts what we know: kept and announced, not applied."""
    RECORDED = "recorded"
    """It tells something that only an inquiry can prove."""
    UNMATCHED = "unmatched"
    """We have not been asked for this trade (yet)."""
    DUPLICATE = "duplicate"
    """The same was received before."""


def notice(trade: Trade | None, facts: Facts) -> tuple[Receipt, Heard | None]:
    """Say what a callback with *facts* does to *trade* (None: unknown to us); pure and total."""
    if trade is None:
        return Receipt.UNMATCHED, None
    if facts.amount_fen != trade.amount_fen:
        return Receipt.DISCREPANCY, contradict(trade)
    if facts.gateway_state != PAID_STATE:
        return Receipt.RECORDED, None
    heard = hear(trade, News.PAID, facts)
    match heard.reading:
        case Reading.STALE:
            return Receipt.STALE, heard
        case Reading.CONTRADICTION:
            return Receipt.DISCREPANCY, heard
        case None:
            return Receipt.APPLIED, heard
