"""The auditor: looks again and again whether the ledger agrees with itself."""

import structlog

from paybus.ledger.coherence import CHECKS, Check, find_violations
from paybus.ledger.pool import Pool
from paybus.telemetry.metrics.reconciler import CoherenceMetrics

_log = structlog.get_logger(__name__)


class Auditor:
    """Looks for one process; it changes nothing, so replicas need not know of each other."""

    def __init__(self, pool: Pool, metrics: CoherenceMetrics) -> None:
        self._pool = pool
        self._metrics = metrics

    async def look(self) -> bool:
        """Hold every rule against the ledger, one after the other; never more at once."""
        for check in CHECKS:
            await self._hold(check)
        self._metrics.looked_timestamp_seconds.set_to_current_time()
        return False

    async def _hold(self, check: Check) -> None:
        found = await find_violations(self._pool, check)
        self._metrics.violations.of(check.name).set(found.count)
        if found.count:
            offenders = list(found.offenders)
            _log.error(
                "coherence.violated",
                check=check.name,
                rule=check.rule,
                count=found.count,
                offenders=offenders,
            )
