"""Group commit: what gathers is written together, each gets its own answer, and nobody is left waiting."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.ledger.house import AMOUNT, concluded, hand, paid, pay, refund, started, states
from tests.ledger.tables import operation, trade, until_blocked

from paybus.ledger.errors import LedgerRefusedError, LedgerUnavailableError
from paybus.ledger.group_commit import MAX_BATCH, GroupCommit
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settled, Settlement, Settlements
from paybus.trades.aftermath import Conclusion
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, OperationState


class Writer:
    """Writes down which batches it was given, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, items: Sequence[int]) -> list[int | Exception]:
        """Give each item's double; negative items are refused, those below -100 alone."""
        self.batches.append(list(items))
        await self.open.wait()
        if any(-100 <= item < 0 for item in items):
            raise LedgerRefusedError("negative")
        return [ValueError("far too small") if item < -100 else item * 2 for item in items]


async def test_each_gets_the_result_of_its_own_item() -> None:
    """Results find their way back, whatever was written together."""
    group = GroupCommit(Writer().write)
    assert await asyncio.gather(*[group.submit(n) for n in range(1000)]) == [n * 2 for n in range(1000)]


async def test_who_is_ready_at_once_is_written_together() -> None:
    """Tasks that are ready in the same turn of the loop share one transaction."""
    writer = Writer()
    group = GroupCommit(writer.write)
    await asyncio.gather(*[group.submit(n) for n in range(50)])
    assert writer.batches == [list(range(50))]


async def test_what_gathers_while_the_writers_are_busy_is_one_batch() -> None:
    """The busier the ledger, the larger the batches, up to the limit."""
    writer = Writer()
    writer.open.clear()
    group = GroupCommit(writer.write, most=100, writers=2)
    tasks = []
    for n in range(2 + 150):
        tasks.append(asyncio.create_task(group.submit(n)))
        if n < 2:
            for _ in range(3):
                await asyncio.sleep(0)
    writer.open.set()
    await asyncio.gather(*tasks)
    assert [len(batch) for batch in writer.batches] == [1, 1, 100, 50]


async def test_one_alone_does_not_wait() -> None:
    """A quiet ledger answers at once: no timer gathers anything."""
    group = GroupCommit(Writer().write)
    async with asyncio.timeout(1):
        assert [await group.submit(n) for n in range(10)] == [n * 2 for n in range(10)]


async def test_a_refused_item_is_refused_alone() -> None:
    """One that PostgreSQL refuses is found by writing each by itself; the others are written."""
    group = GroupCommit(Writer().write)
    results = await asyncio.gather(*[group.submit(n) for n in (1, -2, 3)], return_exceptions=True)
    assert (results[0], results[2]) == (2, 6)
    assert isinstance(results[1], LedgerRefusedError)


async def test_a_result_that_is_an_exception_is_raised_for_its_item() -> None:
    """Where the writer knows whose fault it is, nothing is written again."""
    writer = Writer()
    group = GroupCommit(writer.write)
    results = await asyncio.gather(*[group.submit(n) for n in (1, -200, 3)], return_exceptions=True)
    assert (results[0], results[2]) == (2, 6)
    assert isinstance(results[1], ValueError)
    assert len(writer.batches) == 1


async def test_a_failure_is_every_waiters_and_the_next_batch_is_tried() -> None:
    """A ledger that is away fails all who wait for it, and nobody who comes later."""
    failures = iter([LedgerUnavailableError("away")])

    async def write(items: Sequence[int]) -> list[int | Exception]:
        for failure in failures:
            raise failure
        return list(items)

    group = GroupCommit(write)
    results = await asyncio.gather(*[group.submit(n) for n in range(10)], return_exceptions=True)
    assert all(isinstance(result, LedgerUnavailableError) for result in results)
    assert await group.submit(7) == 7


async def test_a_mistake_of_the_writer_is_raised_and_not_swallowed() -> None:
    """Any other exception reaches those who wait, as it is."""

    async def write(items: Sequence[int]) -> list[int | Exception]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await GroupCommit(write).submit(1)


async def test_who_stops_waiting_takes_nothing_back() -> None:
    """A cancelled waiter's item is written with the others, who get their answers."""
    writer = Writer()
    writer.open.clear()
    group = GroupCommit(writer.write)
    leaving, staying = [asyncio.create_task(group.submit(n)) for n in (1, 2)]
    for _ in range(3):
        await asyncio.sleep(0)
    leaving.cancel()
    writer.open.set()
    assert await staying == 4
    assert writer.batches == [[1, 2]]


async def test_the_end_of_the_loop_leaves_nobody_hanging() -> None:
    """If the writing task itself is cancelled, those who wait are cancelled too."""
    writer = Writer()
    writer.open.clear()
    group = GroupCommit(writer.write)
    waiting = asyncio.create_task(group.submit(1))
    for _ in range(3):
        await asyncio.sleep(0)
    for task in group._running:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_one_settlement_that_is_refused_does_not_take_the_others_down(pool: Pool) -> None:
    """On the real ledger: the CHECK refuses one refund of a batch of ten, nine are granted."""
    codes = [f"C{number}" for number in range(10)]
    await paid(pool, *codes)
    worker = await hand(pool, Kind.REFUND)
    held = await worker.holds(*[refund(f"R{code}", code=code, amount_fen=100) for code in codes])
    group: GroupCommit[Settlement, Settled] = GroupCommit(Settlements(pool, worker.worker_id).write)
    batch = [started(one) for one in held]
    batch[4] = replace(batch[4], decide=overdrawn)

    results = await asyncio.gather(*map(group.submit, batch), return_exceptions=True)

    assert isinstance(results[4], LedgerRefusedError)
    written = [result for result in results if isinstance(result, Settled)]
    assert states(written) == ["ready"] * 9
    assert await pool.fetchval("SELECT sum(reserved_fen) FROM trade") == 900
    assert (await trade(pool, "C4"))["revision"] == 1


async def test_a_lost_connection_fails_all_who_wait_and_they_may_try_again(
    pool: Pool, other_pool: Pool
) -> None:
    """Nothing is known after it; submitted again, each outcome is written once."""
    worker = await hand(other_pool)
    held = await worker.holds(*[pay(f"C{number}") for number in range(20)])
    group: GroupCommit[Settlement, Settled] = GroupCommit(Settlements(other_pool, worker.worker_id).write)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM operation WHERE key = 'C0' FOR UPDATE")
        waiting = [asyncio.create_task(group.submit(concluded(one))) for one in held]
        await until_blocked(pool)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tests-other'"
        )
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, LedgerUnavailableError) for result in results)

    again = await asyncio.gather(*[group.submit(concluded(one)) for one in held])

    assert states(again) == ["done"] * 20
    assert (await operation(pool, "C0"))["state"] == "done"
    assert await pool.fetchval("SELECT count(*) FROM event") == 20


def overdrawn(_operation, trade):
    """Decide what must never be decided: more is promised than was paid."""
    return Conclusion(state=OperationState.READY, trade=replace(trade, reserved_fen=Fen(AMOUNT + 1)))


def test_a_batch_is_bounded() -> None:
    """However many wait, no transaction holds more rows than this."""
    assert MAX_BATCH == 200
