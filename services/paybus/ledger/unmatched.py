"""Callbacks that were kept for want of a trade, whose trade is there by now.

Whoever writes one side looks for the other. What is found here was left behind by one who died in between.
"""

from collections.abc import Mapping
from typing import Final

from paybus.ledger.errors import translated
from paybus.ledger.held import KnownTrade
from paybus.ledger.matching import match_unmatched
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import Place

# What has waited longer is for trades that others asked for: it stays kept, and is looked at no more.
_MATCHABLE: Final = """
SELECT DISTINCT merchant_id, charge_code FROM callback JOIN trade USING (charge_code, merchant_id)
WHERE receipt = 'unmatched' AND last_at > now() - make_interval(days => $1) LIMIT $2
"""
WINDOW_DAYS: Final = 7
"""A pay comes at most days after its callback: when a service was away for so long."""


async def match_left_behind(pool: Pool, *, most: int) -> Mapping[Place, KnownTrade]:
    """Apply up to *most* trades' kept callbacks; give those trades as they are then. Raises LedgerError."""
    with translated():
        rows = await pool.fetch(_MATCHABLE, WINDOW_DAYS, most)
    places = [(row["merchant_id"], row["charge_code"]) for row in rows]
    return await match_unmatched(pool, places) if places else {}
