"""Finding operations that the ledger says a worker holds, and the worker does not know of.

That happens when the connection breaks between the commit of an accept() or a claim and its answer: the
operations have an owner whose heart beats, so nobody else would ever take them over.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from paybus.ledger.claim import release
from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool

STOCKTAKING_SECONDS: Final = 60.0
"""Between two: longer than any statement may take, so that what is missing twice is not under way."""

_MISSING: Final = """
SELECT operation_id, turn FROM operation WHERE owner = $1 AND operation_id <> ALL ($2::bigint[])
"""


class Stocktaking:
    """Compares the ledger's list of one worker's operations with the worker's own."""

    def __init__(self, pool: Pool, worker_id: UUID, *, cut_off_seconds: float, lag_seconds: float) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._cut_off_seconds = cut_off_seconds
        self._lag_seconds = lag_seconds
        self._missing: frozenset[tuple[int, int]] = frozenset()

    async def take(self, in_hand: Collection[int]) -> int:
        """Give back what was missing from *in_hand* (operation ids) now and the last time; say how many.

        To be called every STOCKTAKING_SECONDS. Raises LedgerError.
        """
        with translated():
            rows = await self._pool.fetch(_MISSING, self._worker_id, list(in_hand))
        missing = frozenset((row["operation_id"], row["turn"]) for row in rows)
        forgotten = [operation_id for operation_id, _ in missing & self._missing]
        self._missing = missing
        if forgotten:
            await release(
                self._pool,
                self._worker_id,
                forgotten,
                cut_off_seconds=self._cut_off_seconds,
                lag_seconds=self._lag_seconds,
            )
        return len(forgotten)
