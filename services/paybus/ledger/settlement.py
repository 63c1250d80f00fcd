"""settle(): what became of operations, in one statement for a whole batch.

The operation, its trade and the events about them are written together or not at all, and only while the
worker still owns the operation in the turn it took it in. A trade is written only if nobody wrote it since
it was read; whoever was overtaken is decided again, this time with the trade's row locked.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from paybus.ledger.batch import Batch, Decide, Settled, Settlement, granted
from paybus.ledger.errors import LedgerError, LedgerRefusedError, translated
from paybus.ledger.held import KnownTrade
from paybus.ledger.pool import Pool
from paybus.ledger.trade_lock import Place, lock_trades
from paybus.ledger.writing import write
from paybus.trades.aftermath import Conclusion
from paybus.trades.operation import OperationState

__all__ = ["LOST", "Decide", "Settled", "Settlement", "Settlements"]

LOST: Final = Settled(None)
_LOCK_OPERATIONS: Final = """
SELECT operation_id, turn FROM operation
WHERE operation_id = ANY($1::bigint[]) AND owner IS NOT DISTINCT FROM $2
ORDER BY operation_id FOR NO KEY UPDATE
"""

Result = Settled | Exception


class Settlements:
    """Settles for one worker."""

    def __init__(self, pool: Pool, worker_id: UUID) -> None:
        self._pool = pool
        self._worker_id = worker_id

    async def write(self, settlements: Sequence[Settlement]) -> list[Result]:
        """Write a batch; returns when it is durable. Where one could not be written, its result is why.

        Raises LedgerError where that concerns all of them. After a LedgerUnavailableError it is not known
        what was written: submit it again, it will not be written twice.
        """
        batch = Batch(settlements)
        with translated():
            written = await write(self._pool, self._worker_id, batch.writing)
        results: dict[int, Result] = dict(batch.failures)
        overtaken: list[int] = []
        for position in range(len(settlements)):
            if batch.is_in(position, written.operations):
                results[position] = batch.settled(position)
            elif position not in results:
                overtaken.append(position)
        if overtaken:
            again = await self._write_again([settlements[position] for position in overtaken])
            results.update(zip(overtaken, again, strict=True))
        return [results[position] for position in range(len(settlements))]

    async def _write_again(self, settlements: Sequence[Settlement]) -> list[Result]:
        """Write those that were overtaken; the others of their batch are written, so this raises nothing."""
        try:
            return await self._write_locked(settlements)
        except LedgerRefusedError as error:
            if len(settlements) == 1:
                return [error]
            return [result for one in settlements for result in await self._write_again([one])]
        except LedgerError as error:
            return [error] * len(settlements)

    async def _write_locked(self, settlements: Sequence[Settlement]) -> list[Result]:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                turns = await self._lock_ours(connection, settlements)
                trades = await lock_trades(connection, [one.place for one in settlements])
                ours = [one for one in settlements if turns.get(one.held.operation_id) == one.held.turn]
                batch = Batch([_with_trade(one, trades) for one in ours])
                written = await write(connection, self._worker_id, batch.writing)
                assert len(written.operations) == len(batch.writing.operations), "a locked row was changed"
        results: dict[int, Result] = {
            one.held.operation_id: batch.failures.get(position) or batch.settled(position)
            for position, one in enumerate(ours)
        }
        return [
            results.get(one.held.operation_id) or _not_written(one, turns, trades.get(one.place))
            for one in settlements
        ]

    async def _lock_ours(self, connection: Any, settlements: Sequence[Settlement]) -> dict[int, int]:
        """Give the turn of each operation that we own; of a READY one that we granted it is one later."""
        ids = [one.held.operation_id for one in settlements]
        rows = await connection.fetch(_LOCK_OPERATIONS, ids, self._worker_id)
        return {row["operation_id"]: row["turn"] for row in rows}


def _with_trade(settlement: Settlement, trades: dict[Place, KnownTrade]) -> Settlement:
    return replace(settlement, held=replace(settlement.held, trade=trades.get(settlement.place)))


def _not_written(settlement: Settlement, turns: dict[int, int], known: KnownTrade | None) -> Settled:
    """Say why: it is lost, or an earlier try whose answer did not arrive has granted it already.

    Only a grant leaves an operation with its owner and takes its turn one further.
    """
    held = settlement.held
    if turns.get(held.operation_id) != held.turn + 1:
        return LOST
    conclusion = Conclusion(state=OperationState.READY, trade=known.trade if known else None)
    return Settled(conclusion, granted(held, known))
