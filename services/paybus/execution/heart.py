"""The worker's life in the ledger: it beats, and it stops sending before anybody may take over its work."""

import asyncio
from collections.abc import Callable
import time
from typing import Final
from uuid import UUID

import structlog

from paybus.execution.ledger_clock import LedgerClock
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.pool import Pool
from paybus.ledger.worker import Lease, beat

_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux: it counts a suspended machine
_NEVER: Final = float("-inf")
_log = structlog.get_logger(__name__)


class FencedError(Exception):
    """This worker has been declared dead: its operations belong to others now, and it must end."""


def uptime_seconds() -> float:
    """Give this machine's time since it started; compared only with itself."""
    return time.clock_gettime(_CLOCK)


class Heart:
    """Beats for one worker; before its first beat it may not send."""

    def __init__(
        self, pool: Pool, worker_id: UUID, lease: Lease, *, clock: Callable[[], float] = uptime_seconds
    ) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._lease = lease
        self._clock = clock
        self.ledger_clock = LedgerClock(pool, clock)
        self._begun = _NEVER
        self._lost = _NEVER

    @property
    def age_seconds(self) -> float:
        """How long ago the last beat that the ledger took was begun."""
        return self._clock() - self._begun

    @property
    def may_send(self) -> bool:
        """Whether certainly nobody else may have taken over what this worker holds."""
        return self.age_seconds < self._lease.fence_seconds

    @property
    def may_judge(self) -> bool:
        """Whether it may call others dead: not who was without the ledger, or saw its clock moved, just now.

        It knows why they seem silent. They get as long as a lease to say that they live, and so do we.
        """
        undisturbed_seconds = min(self._clock() - self._lost, self.ledger_clock.steady_seconds)
        return self.may_send and undisturbed_seconds >= self._lease.lease_seconds

    async def beat_on(self) -> None:
        """Beat for ever; raises FencedError when the ledger says that this worker is dead."""
        while True:
            await self.beat()
            await asyncio.sleep(self._lease.beat_seconds)

    async def beat(self) -> None:
        """Beat once. The time counts from before the question: an answer that took long is an old one."""
        begun = self._clock()
        try:
            # A connection on which nothing comes back must not cost the time in which another would do.
            async with asyncio.timeout(self._lease.fence_seconds):
                lives = await beat(self._pool, self._worker_id)
        except (LedgerUnavailableError, TimeoutError) as error:
            self._lost = self._clock()
            _log.warning("heart.beat_lost", error=type(error).__name__, may_send=self.may_send)
            return
        if not lives:
            self._begun = _NEVER
            raise FencedError
        self._begun = begun
