"""A defect: what became of an operation is committed first, and its events in another transaction."""

from typing import Any

from paybus.ledger import settlement
from paybus.ledger.announcement import publish
from paybus.ledger.writing import Writing, Written, write


def apply() -> None:
    """Part the one statement of `settlement` in two."""

    async def write_apart(executor: Any, worker_id: Any, writing: Writing) -> Written:
        untold = Writing(writing.operations, writing.trades)
        written = await write(executor, worker_id, untold)
        told = [event for event in writing.events if event.operation_ord in {None, *written.operations}]
        if told:
            await publish(executor, [event.announcement for event in told])
        return written

    settlement.write = write_apart  # type: ignore[attr-defined]
