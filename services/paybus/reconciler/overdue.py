"""Barcode payments that are unpaid after their deadline: each is cancelled by an operation."""

from typing import Final

import structlog

from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.pool import Pool
from paybus.telemetry.metric import OverdueMetrics

MOST: Final = 200
"""Cancels in one transaction: an outage of the gateway leaves thousands, which need not come at once."""

_log = structlog.get_logger(__name__)


class Overdue:
    """Looks for payments that nobody completed; replicas may look at the same time."""

    def __init__(self, pool: Pool, metrics: OverdueMetrics, *, grace_seconds: float) -> None:
        self._pool = pool
        self._metrics = metrics
        self._grace_seconds = grace_seconds

    async def look(self) -> bool:
        """Have what is overdue cancelled; say whether there may be more."""
        cancelled = await cancel_overdue_pays(self._pool, grace_seconds=self._grace_seconds, most=MOST)
        for merchant_id, charge_code in cancelled:
            _log.info("overdue.cancel", merchant_id=merchant_id, charge_code=charge_code)
        self._metrics.cancels.inc(len(cancelled))
        return len(cancelled) == MOST
