"""Callbacks that came before their trade: each is applied as soon as there is one."""

from typing import Final

import structlog

from paybus.ledger.pool import Pool
from paybus.ledger.unmatched import match_left_behind
from paybus.telemetry.metrics.reconciler import MatchMetrics

MATCH_SECONDS: Final = 30.0
"""Whoever accepts a pay or receives a callback matches them at once: this is for one who died in between."""

MOST: Final = 200
"""Trades in one transaction: some hundred milliseconds."""

_log = structlog.get_logger(__name__)


class Matchmaker:
    """Matches what was left behind; replicas may look at the same time, for the trades' rows are locked."""

    def __init__(self, pool: Pool, metrics: MatchMetrics) -> None:
        self._pool = pool
        self._metrics = metrics

    async def look(self) -> bool:
        """Match what can be matched; say whether there may be more."""
        matched = await match_left_behind(self._pool, most=MOST)
        for merchant_id, charge_code in matched:
            _log.info("callback.matched_late", merchant_id=merchant_id, charge_code=charge_code)
        self._metrics.matched.inc(len(matched))
        return len(matched) == MOST
