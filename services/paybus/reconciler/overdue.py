"""Barcode payments that are unpaid after their deadline: each is cancelled by an operation."""

from typing import Final

import structlog

from paybus.execution.ledger_clock import LedgerClock
from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.pool import Pool
from paybus.telemetry.metrics.reconciler import OverdueMetrics

MOST: Final = 200
"""Cancels in one transaction: an outage of the gateway leaves thousands, which need not come at once."""

_log = structlog.get_logger(__name__)


class Overdue:
    """Looks for payments that nobody completed; replicas may look at the same time.

    *expiry_seconds* is how long a payment may wait before it is sent.
    """

    def __init__(
        self,
        pool: Pool,
        clock: LedgerClock,
        metrics: OverdueMetrics,
        *,
        expiry_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._rest_seconds = expiry_seconds + grace_seconds
        self._metrics = metrics
        self._grace_seconds = grace_seconds

    async def look(self) -> bool:
        """Have what is overdue cancelled; say whether there may be more.

        When the ledger's clock was moved, nothing is before what was asked for until then truly is overdue.
        """
        await self._clock.look()
        if self._clock.steady_seconds < self._rest_seconds:
            return False
        cancelled = await cancel_overdue_pays(self._pool, grace_seconds=self._grace_seconds, most=MOST)
        for merchant_id, charge_code in cancelled:
            _log.info("overdue.cancel", merchant_id=merchant_id, charge_code=charge_code)
        self._metrics.cancels.inc(len(cancelled))
        return len(cancelled) == MOST
