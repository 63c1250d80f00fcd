"""The ledger's clock, watched by our own: whether it goes on as time does, or somebody has moved it.

Leases and the gateway's lag are measured on it, for it is the one clock that all workers have in common. It
may be set, and after a failover it is another machine's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from paybus.ledger.pool import Pool
from paybus.ledger.worker import ledger_time

SLACK_SECONDS: Final = 0.5
"""Clocks that are kept right differ by less, and fences are further from leases."""

_NEVER: Final = float("-inf")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a clock said, at some moment between our question and its answer."""

    told: datetime
    asked_at: float
    heard_at: float


class LedgerClock:
    """What time it is for the ledger, as far as one process knows; *clock* only ever goes on.

    It begins with this machine's time of day. If the ledger's differs at the first look, one of the two is
    wrong, and the ledger's may have been moved a moment ago.
    """

    def __init__(self, pool: Pool, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._clock = clock
        self._last = _Look(datetime.now(UTC), clock(), clock())
        self._moved_at = _NEVER

    @property
    def steady_seconds(self) -> float:
        """For how long it has certainly gone on as ours does: without end if it was right at first."""
        return self._clock() - self._moved_at

    def now(self) -> datetime:
        """Give its time; before the first look, that of this machine."""
        return self._last.told + timedelta(seconds=self._clock() - self._last.heard_at)

    async def look(self) -> None:
        """Ask it for the time. Raises LedgerError."""
        asked_at = self._clock()
        told = await ledger_time(self._pool)
        look = _Look(told, asked_at, self._clock())
        if seconds := _moved_seconds(self._last, look):
            self._moved_at = look.heard_at
            _log.warning("ledger_clock.moved", seconds=round(seconds, 1))
        self._last = look


def _moved_seconds(last: _Look, look: _Look) -> float:
    """Say by how much the clock went further than time, or less far; 0 if it may have gone as time did."""
    passed = (look.told - last.told).total_seconds()
    least, most = look.asked_at - last.heard_at, look.heard_at - last.asked_at
    if passed > most + SLACK_SECONDS:
        return passed - most
    return passed - least if passed < least - SLACK_SECONDS else 0.0
