"""The worker's life in the ledger: it beats, and it stops sending before anybody may take over its work."""

import asyncio
from collections.abc import Callable
import time
from uuid import UUID

import structlog

from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.pool import Pool
from paybus.ledger.worker import Lease, beat

_log = structlog.get_logger(__name__)


class FencedError(Exception):
    """This worker has been declared dead: its operations belong to others now, and it must end."""


class Heart:
    """Beats for one worker. Seconds are this machine's monotonic clock, compared only with itself."""

    def __init__(
        self, pool: Pool, worker_id: UUID, lease: Lease, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._lease = lease
        self._clock = clock
        self._begun = clock()

    @property
    def age_seconds(self) -> float:
        """How long ago the last beat that the ledger took was begun."""
        return self._clock() - self._begun

    @property
    def may_send(self) -> bool:
        """Whether certainly nobody else may have taken over what this worker holds."""
        return self.age_seconds < self._lease.fence_seconds

    async def beat_on(self) -> None:
        """Beat for ever; raises FencedError when the ledger says that this worker is dead."""
        while True:
            await self.beat()
            await asyncio.sleep(self._lease.beat_seconds)

    async def beat(self) -> None:
        """Beat once. The time counts from before the question: an answer that took long is an old one."""
        begun = self._clock()
        try:
            if not await beat(self._pool, self._worker_id):
                self._begun = float("-inf")
                raise FencedError
        except LedgerUnavailableError as error:
            _log.warning("heart.beat_lost", error=type(error).__name__, may_send=self.may_send)
        else:
            self._begun = begun
