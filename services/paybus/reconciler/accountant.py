"""The accountant: compares each day that is over with the gateway's own list of it, once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from paybus.execution.gates import Gates
from paybus.execution.pacing import PacedClient
from paybus.gateway.client import GatewayClient
from paybus.ledger.pool import Pool
from paybus.ledger.reconciliation import begin_day, end_day
from paybus.reconciliation.day import BusinessDay, days_to_compare
from paybus.reconciliation.errors import StatementError
from paybus.reconciliation.run import Report, announce, compare_day
from paybus.telemetry.metrics.reconciler import ReconciliationMetrics

CALENDAR_SECONDS: Final = 60.0
"""Between looks at the calendar."""

DAYS: Final = 3
"""How many days back are made good when nobody was there to compare them."""

_log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Accountant:
    """Compares for every merchant; replicas share the work, a day of a merchant each.

    It asks through *gates*, whose limits it shares with everybody else who has the same.
    """

    def __init__(
        self,
        pool: Pool,
        gates: Gates,
        metrics: ReconciliationMetrics,
        *,
        hour: int,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._pool = pool
        self._gates = gates
        self._metrics = metrics
        self._hour = hour
        self._now = now

    async def look(self) -> bool:
        """Compare what is over and was not compared; never more at once."""
        for day in days_to_compare(self._now(), hour=self._hour, most=DAYS):
            for merchant_id in tuple(self._gates.clients):
                client = self._gates.clients.get(merchant_id)  # he may have gone meanwhile
                if client is not None and await begin_day(self._pool, day.date, merchant_id):
                    await self._compare(client, day)
        return False

    async def _compare(self, client: GatewayClient, day: BusinessDay) -> None:
        """Compare one day. Without the gateway's list it stays open, and is begun anew half an hour later."""
        merchant_id = client.merchant.merchant_id
        try:
            paced = PacedClient(client, self._gates)
            report = await compare_day(self._pool, paced, day, noted=lambda _count: None)
        except StatementError as error:
            _log.warning(
                "reconciliation.failed", merchant_id=merchant_id, day=str(day.date), reason=str(error)
            )
            return
        fresh = await announce(self._pool, report)
        compared = report.comparison
        counts = (compared.matched, compared.open, len(compared.differences))
        await end_day(self._pool, day.date, merchant_id, counts)
        self._note(report, fresh)

    def _note(self, report: Report, fresh: int) -> None:
        compared = report.comparison
        self._metrics.count(matched=compared.matched, still_open=compared.open)
        for row in report.rows:
            self._metrics.breaks.of(row.kind).inc()
            states = {"our_state": row.our_state, "their_state": row.their_state}
            _log.warning(
                "reconciliation.break",
                kind=row.kind,
                merchant_id=row.merchant_id,
                charge_code=row.charge_code,
                **states,
            )
        _log.info(
            "reconciliation.finished",
            merchant_id=report.merchant_id,
            day=str(report.business_day),
            matched=compared.matched,
            open=compared.open,
            breaks=len(compared.differences),
            new=fresh,
        )
