"""Group commit: what several tasks want written at the same time is written in one transaction.

A writer takes whatever has gathered while the one before it was busy, so a quiet ledger answers at
once and a busy one writes in large batches; nobody waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from paybus.ledger.errors import LedgerRefusedError

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]

MAX_BATCH = 200
"""Larger batches gain nothing (the cost of a commit is spread thin enough) and hold locks longer."""

WRITERS = 2
"""While one waits for the disk, the other prepares."""


class GroupCommit(Generic[Item, Result]):
    """Gathers items for *write*, which returns one result for each, in their order."""

    def __init__(self, write: Write[Item, Result], *, most: int = MAX_BATCH, writers: int = WRITERS) -> None:
        self._write = write
        self._most = most
        self._idle = writers
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Result:
        """Have *item* written; returns when it is committed, raises what *write* raised for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if self._idle:
            self._idle -= 1
            task = asyncio.create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            # One turn of the loop: whoever is ready to write now shall be in this batch.
            await asyncio.sleep(0)
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._most))]
                await self._write_batch(batch)
        finally:
            self._idle += 1

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except LedgerRefusedError as error:
            await self._write_singly(batch, error)
        except (
            BaseException
        ) as error:  # handed to each who waits; a cancelled writer must not leave them hanging
            for _, future in batch:
                _fail(future, error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _write_singly(
        self, batch: list[tuple[Item, asyncio.Future[Result]]], error: LedgerRefusedError
    ) -> None:
        """One item that PostgreSQL refuses must not take the others down with it."""
        if len(batch) == 1:
            _fail(batch[0][1], error)
            return
        for entry in batch:
            await self._write_batch([entry])


def _fail(future: "asyncio.Future[Result]", error: BaseException) -> None:
    if future.done():
        return
    if isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.cancel()
