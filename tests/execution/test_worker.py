"""The worker: takes on what it may, carries each out in its lane, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from tests.execution.crew import ID, LIMITS, Crew, acceptance, barcode, enlist, pays, refund
from tests.ledger.tables import falls_silent, passes
from tests.sandbox.house import House

from paybus.execution import worker as module
from paybus.ledger.acceptance import accept
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.sandbox.fault_settings import FaultSettings
from paybus.trades.operation import Kind

HELD = "FAULT-HOLD-1"
"""A pay with this code takes until somebody plays the customer."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the ledger at a pace at which tests need not wait."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)


@asynccontextmanager
async def looking(crew: Crew) -> AsyncIterator[asyncio.Task[None]]:
    """Have the crew's worker look for what is due."""
    task = asyncio.create_task(crew.worker.look_for_due())
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop work until it is so."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 -- what is looked at has no bell
            await asyncio.sleep(0.001)


async def until_state(crew: Crew, key: str, state: str, *, passing: float = 0.0) -> None:
    """Return when an operation is in *state*; let *passing* seconds pass for what waits, again and again."""
    async with asyncio.timeout(30):
        while await crew.state(key) != state:
            await passes(crew.pool, passing)
            await asyncio.sleep(0.001)


def approve(house: House, code: str = HELD) -> None:
    """Play the customer, who pays."""
    order = house.gateway.books.order(ID, code)
    assert order is not None
    house.gateway.customers.approve(order)


async def test_what_it_takes_on_is_carried_out(payer: Crew) -> None:
    """Side by side, each once, and it holds nothing afterwards."""
    codes = [f"C{number}" for number in range(20)]
    payer.worker.take_on(await payer.accepts(*map(barcode, codes)))
    assert payer.worker.held == 20
    await until(lambda: payer.worker.held == 0)
    assert sorted(payer.charged()) == sorted(codes)


async def test_a_trade_has_one_call_at_a_time(pool: Pool, house: House, refunder: Crew) -> None:
    """Refunds of one trade follow each other in their order; other trades do not wait for them."""
    await pays(pool, house, barcode("C1"), barcode("C2"))
    house.gateway.replace_faults(FaultSettings(latency_ms=20))
    numbers = ["R1", "R2", "R3"]
    ours = await refunder.accepts(
        *[refund(number, amount_fen=100) for number in numbers], refund("S1", code="C2", amount_fen=100)
    )
    refunder.worker.take_on(ours)
    await until(lambda: refunder.worker.held == 0)
    calls = {call.refund_number: call for call in house.gateway.books.calls if call.refund_number}
    assert [number for number in calls if number in numbers] == numbers
    for earlier, later in (("R1", "R2"), ("R2", "R3")):
        assert (calls[earlier].answered_at or 0.0) <= calls[later].at
    assert calls["S1"].at <= (calls["R1"].answered_at or 0.0)


async def test_there_is_room_until_so_much_is_open(pool: Pool, house: House) -> None:
    """What is held counts, and room comes with the first operation that ends."""
    payer = await enlist(pool, house, max_open=2)
    await payer.worker.await_room()
    payer.worker.take_on(await payer.accepts(barcode(HELD), barcode("FAULT-HOLD-2")))
    room = asyncio.create_task(payer.worker.await_room())
    await until(lambda: len(payer.sent()) == 2)
    assert not room.done()
    approve(house)
    await room
    assert payer.worker.held == 1
    approve(house, "FAULT-HOLD-2")
    await until(lambda: payer.worker.held == 0)


async def test_what_waits_in_the_ledger_is_open_too(pool: Pool, house: House) -> None:
    """Refunds without their pays are held by nobody: without a bound they would pile up without one."""
    refunder = await enlist(pool, house, Kind.REFUND, max_open=2)
    refunder.worker.take_on(await refunder.accepts(refund("R1"), refund("R2")))
    await until(lambda: refunder.worker.held == 0)
    await pool.execute("UPDATE operation SET due_at = now() + interval '1 hour'")
    async with looking(refunder):
        await until(lambda: refunder.worker._waiting == 2)
        room = asyncio.create_task(refunder.worker.await_room())
        await asyncio.sleep(0)
        assert not room.done()
        await pays(pool, house)
        await passes(pool)
        await room


async def test_unknown_operations_keep_no_command_away(pool: Pool, house: House) -> None:
    """A gateway that does not tell what became of some pays, for hours, stops no other pay."""
    payer = await enlist(pool, house, max_open=2)
    await payer.takes(*[barcode(f"FAULT-LOST_ANSWER-{number}") for number in (1, 2, 3)])
    await pool.execute("UPDATE operation SET due_at = now() + interval '1 hour'")
    async with looking(payer), asyncio.timeout(30):
        await payer.worker._look()
        await payer.worker.await_room()
        payer.worker.take_on(await payer.accepts(barcode()))
        await until_state(payer, "C1", "done")


async def test_what_is_due_is_taken(payer: Crew) -> None:
    """An unknown pay is asked about when its time has come, by whoever looks."""
    code = "FAULT-LOST_ANSWER-1"
    await payer.takes(barcode(code))
    async with looking(payer):
        await passes(payer.pool)
        await until_state(payer, code, "done")
    assert payer.sent() == [("pay", code)]


async def test_the_work_of_the_dead_is_taken_over(pool: Pool, house: House, payer: Crew) -> None:
    """What it may have sent is asked about when its last request has arrived, connecting included."""
    (held,) = await payer.accepts(barcode())
    await payer.turns._operator.send(held)
    await falls_silent(pool, payer.worker_id, LIMITS.lease.lease_seconds)
    successor = await enlist(pool, house)
    async with looking(successor):
        async with asyncio.timeout(30):
            while (await payer.row("C1"))["owner"] is not None:  # noqa: ASYNC110 -- the ledger has no bell
                await asyncio.sleep(0.001)
        row = await payer.row("C1")
        last = LIMITS.lease.fence_seconds + LIMITS.cut_off_seconds - LIMITS.lease.lease_seconds
        assert last - 1 < -row["quiet_for"] <= last
        assert last + LIMITS.lag_seconds - 1 < row["due_in"] <= last + LIMITS.lag_seconds
        assert successor.journal.calls == []
        await passes(pool)
        await until_state(successor, "C1", "done")
    assert (successor.journal.operations, payer.charged()) == (["query"], ["C1"])


async def test_a_worker_that_cannot_beat_takes_nothing_over(payer: Crew) -> None:
    """It could not send it; another one can."""
    await payer.takes(barcode("FAULT-LOST_ANSWER-1"))
    await passes(payer.pool)
    payer.heart._begun = float("-inf")
    assert await payer.worker._look() is False
    assert payer.worker.held == 0


async def test_a_worker_does_not_bury_itself(payer: Crew) -> None:
    """When the ledger comes back, whoever looks before he beats would find himself long dead."""
    await falls_silent(payer.pool, payer.worker_id, 1000.0)
    payer.heart._begun = float("-inf")
    assert await payer.worker._look() is False
    await payer.heart.beat()
    assert payer.heart.may_send


async def test_no_more_is_taken_over_than_there_is_room_for(pool: Pool, house: House) -> None:
    """A worker that comes back to a large backlog takes its share of it, and looks again at once."""
    dead = await enlist(pool, house)
    dead.lose_gateway()
    await dead.takes(*[barcode(f"C{number}") for number in range(5)])
    await passes(pool)
    payer = await enlist(pool, house, max_open=2)
    assert await payer.worker._look() is True
    assert payer.worker.held == 2
    await until(lambda: payer.worker.held == 0)
    assert len(payer.charged()) == 2


async def test_what_was_lost_on_its_way_is_found(
    payer: Crew, monkeypatch: pytest.MonkeyPatch, other_pool: Pool
) -> None:
    """The ledger gave it to us, and the answer never came: at the second look it is given back, and paid."""
    monkeypatch.setattr(module, "STOCKTAKING_SECONDS", 0.0)
    await accept(other_pool, payer.worker_id, [acceptance(Kind.PAY, barcode())])
    async with looking(payer):
        async with asyncio.timeout(30):
            while (await payer.row("C1"))["owner"] is not None:  # noqa: ASYNC110 -- the ledger has no bell
                await asyncio.sleep(0.001)
        await until_state(payer, "C1", "done", passing=60.0)
    assert payer.journal.operations == ["query", "pay"]
    assert payer.charged() == ["C1"]


async def test_what_is_on_its_way_is_not_taken_for_lost(
    payer: Crew, monkeypatch: pytest.MonkeyPatch, other_pool: Pool
) -> None:
    """As long as somebody has the ledger give us operations, no stock is taken."""
    monkeypatch.setattr(module, "STOCKTAKING_SECONDS", 0.0)
    async with looking(payer):
        async with payer.worker.giving:
            accepted = await accept(other_pool, payer.worker_id, [acceptance(Kind.PAY, barcode(HELD))])
            await until(lambda: bool(payer.worker.giving._waiters))  # who looks, waits
            payer.worker.take_on(accepted.held)
        await until(lambda: len(payer.sent()) == 1)
        for _ in range(3):
            async with payer.worker.giving:
                await payer.worker._take_stock()
        assert (await payer.row(HELD))["owner"] == payer.worker_id
        approve(payer.house)
        await until_state(payer, HELD, "done")


async def test_a_look_survives_a_ledger_that_is_away(pool: Pool, house: House) -> None:
    """It goes on looking, and finds what is due when the ledger is back."""
    crew = await enlist(pool, house)
    await crew.takes(barcode("FAULT-LOST_ANSWER-1"))
    await passes(pool)
    lost = Losing(pool)
    crew.worker._pool = lost
    async with looking(crew):
        await until(lambda: lost.times > 3)
        lost.away = False
        await until_state(crew, "FAULT-LOST_ANSWER-1", "done")


async def test_a_stop_waits_for_calls_and_gives_the_rest_back(pool: Pool, house: House) -> None:
    """What is at the gateway is answered; what was not sent is due for others; nothing stays in our name."""
    payer = await enlist(pool, house, in_flight=1)
    payer.worker.take_on(await payer.accepts(barcode(HELD), barcode("C2")))
    await until(lambda: len(payer.sent()) == 1)
    stopping = asyncio.create_task(payer.worker.stop(30.0))
    await until(lambda: payer.turns.stopping)
    approve(house)
    await stopping
    assert (await payer.state(HELD), await payer.state("C2")) == ("done", "ready")
    row = await payer.row("C2")
    assert (row["owner"], payer.charged()) == (None, [HELD])
    assert row["due_in"] <= LIMITS.cut_off_seconds + LIMITS.lag_seconds
    successor = await enlist(pool, house)
    async with looking(successor):
        await until_state(successor, "C2", "done", passing=60.0)
    assert successor.journal.operations == ["query", "pay"]


async def test_a_call_that_is_cut_off_is_asked_about_by_others(pool: Pool, house: House) -> None:
    """A stop that may wait no longer leaves a pay that may be at the gateway: nobody sends it again."""
    payer = await enlist(pool, house)
    payer.worker.take_on(await payer.accepts(barcode(HELD)))
    await until(lambda: len(payer.sent()) == 1)
    await payer.worker.stop(0.0)
    row = await payer.row(HELD)
    assert (row["state"], row["owner"], payer.worker.held) == ("ready", None, 0)
    assert row["quiet_for"] > -LIMITS.cut_off_seconds
    assert row["due_in"] > LIMITS.cut_off_seconds + LIMITS.lag_seconds - 1
    approve(house)
    await passes(pool)
    successor = await enlist(pool, house)
    async with looking(successor):
        await until_state(successor, HELD, "done")
    assert (successor.journal.operations, payer.charged()) == (["query"], [HELD])


async def test_a_mistake_of_ours_stops_nothing_else(payer: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that cannot be carried out rests and is given back; the others go on."""
    monkeypatch.setattr(module, "FAILED_SECONDS", 0.01)
    bad, good = await payer.accepts(barcode("C1"), barcode("C2"))
    await payer.pool.execute("UPDATE operation SET command = '{}' WHERE key = 'C1'")
    payer.worker.take_on([_with_command(bad, b"{}"), good])
    await until(lambda: payer.worker.held == 0)
    assert (await payer.state("C2"), payer.charged()) == ("done", ["C2"])
    row = await payer.row("C1")
    assert (row["state"], row["owner"], row["due_in"] > 0) == ("ready", None, True)


async def test_a_stop_does_not_wait_for_what_rests(payer: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest after a mistake ends with the stop."""
    failed = asyncio.Event()

    async def fail(_held: Held) -> None:
        failed.set()
        raise ZeroDivisionError

    monkeypatch.setattr(payer.turns, "take", fail)
    payer.worker.take_on(await payer.accepts(barcode()))
    await failed.wait()
    async with asyncio.timeout(20):
        await payer.worker.stop(1000.0)
    assert (await payer.row("C1"))["owner"] is None


async def test_a_stop_without_a_ledger_ends(
    pool: Pool, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be given back is found in its owner's name, like after a crash."""
    monkeypatch.setattr(module, "RELEASE_SECONDS", 0.05)
    payer = await enlist(pool, house)
    await payer.accepts(barcode())
    payer.worker._pool = Losing(pool)
    async with asyncio.timeout(20):
        await payer.worker.stop(1.0)
    assert (await payer.row("C1"))["owner"] == payer.worker_id


class Losing:
    """A pool that is away until it is told otherwise."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.away = True
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        if self.away:
            self.times += 1
            raise asyncpg.CannotConnectNowError("the database system is starting up")
        return getattr(self._pool, name)


def _with_command(held: Held, command: bytes) -> Held:

    return replace(held, command=command)
