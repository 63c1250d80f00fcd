"""Group commit: what several tasks want written at the same time is written in one transaction.

A writer takes whatever has gathered while the one before it was busy, so a quiet ledger answers at
once and a busy one writes in large batches; nobody waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from paybus.ledger.errors import LedgerRefusedError

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]

MAX_BATCH: Final = 200
"""Larger batches gain nothing (the cost of a commit is spread thin enough) and hold locks longer."""

WRITERS: Final = 2
"""While one waits for the disk, the other prepares."""


class GroupCommit(Generic[Item, Result]):
    """Gathers items for *write*, which returns one result for each, in their order.

    A result that is an exception is raised for its item alone.
    """

    def __init__(self, write: Write[Item, Result], *, most: int = MAX_BATCH, writers: int = WRITERS) -> None:
        self._write = write
        self._most = most
        self._idle = writers
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Result:
        """Have *item* written; returns when it is committed, raises what *write* raised for it.

        Whoever stops waiting does not take it back: it is written all the same.
        """
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

    async def _write_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except LedgerRefusedError as error:
            await self._write_singly(batch, error)
        except asyncio.CancelledError:  # the loop ends: nobody may be left hanging
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 -- handed to each who waits
            for _, future in batch:
                _answer(future, error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _answer(future, result)

    async def _write_singly(
        self, batch: Sequence[tuple[Item, asyncio.Future[Result]]], error: LedgerRefusedError
    ) -> None:
        """One item that PostgreSQL refuses must not take the others down with it."""
        if len(batch) == 1:
            _answer(batch[0][1], error)
            return
        for entry in batch:
            await self._write_batch([entry])


def _answer(future: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if future.done():  # who waited was cancelled
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
