"""Sleeping relays: woken by whoever writes, never asleep for too long, and not called when awake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests.ledger.house import concluded, hand, paid, pay
from tests.ledger.relays import Open, a_rejection, ends

from paybus.ledger.announcement import publish
from paybus.ledger.outbox import BUSY_READS, CHANNEL, SECOND_LOOK_SECONDS, Outbox
from paybus.ledger.pool import Pool
from paybus.ledger.shard import SHARDS, shard_of

LONG_SECONDS = 60.0
"""Longer than any test may take: who wakes from it was woken."""


async def falls_asleep(relay: Outbox) -> None:
    """Sleep as far as the first real wait, past the second look."""
    for _ in range(2):
        await relay.sleep(LONG_SECONDS)
        assert await relay.read(1) == []


@asynccontextmanager
async def sleeping(relay: Outbox, seconds: float = LONG_SECONDS) -> AsyncIterator["asyncio.Task[None]"]:
    """Have *relay* asleep while the block runs."""
    task = asyncio.create_task(relay.sleep(seconds))
    for _ in range(20):  # more turns than a sleep takes that is none
        await asyncio.sleep(0)
    assert not task.done()
    try:
        yield task
    finally:
        task.cancel()


async def asleep(pool: Pool) -> list[int]:
    """Give the shards under which a relay says that it sleeps."""
    return [row["shard"] for row in await pool.fetch("SELECT shard FROM relay WHERE asleep ORDER BY shard")]


def a_charge_code(shards: tuple[int, ...]) -> str:
    """Find a charge code that belongs to one of *shards*."""
    return next(code for n in range(10_000) if shard_of(code := f"C{n}") in shards)


async def test_the_first_sleep_is_a_look(pool: Pool, relay: Outbox) -> None:
    """Going to sleep is said first, and what came before it was heard is found by looking once more."""
    assert await relay.read(10) == []
    await paid(pool)
    await relay.sleep(LONG_SECONDS)
    assert await asleep(pool) == [0]
    assert len(await relay.read(10)) == 1


async def test_the_second_sleep_is_short(relay: Outbox) -> None:
    """A statement that began before we said that we sleep is waited for, but not for the whole time."""
    await relay.sleep(LONG_SECONDS)
    async with asyncio.timeout(10 + SECOND_LOOK_SECONDS):
        await relay.sleep(LONG_SECONDS)


async def test_whoever_writes_wakes_a_sleeping_relay(pool: Pool, relay: Outbox) -> None:
    """A settled outcome, a rejection, a callback: each ends the sleep at once."""
    await paid(pool, "C0")
    await relay.delete(await relay.read(10))
    await falls_asleep(relay)
    worker = await hand(pool)
    (held,) = await worker.holds(pay())
    for write in (lambda: worker.settles(concluded(held)), lambda: publish(pool, [a_rejection("C2")])):
        async with sleeping(relay) as sleep, asyncio.timeout(10):
            await write()
            await sleep
        await relay.delete(await relay.read(10))


async def test_a_notification_between_read_and_sleep_is_not_lost(pool: Pool, relay: Outbox) -> None:
    """What is written after the last look ends the sleep before it begins."""
    await falls_asleep(relay)
    assert await relay.read(10) == []
    await paid(pool)
    async with asyncio.timeout(10):
        await relay.sleep(LONG_SECONDS)
    assert len(await relay.read(10)) == 1


async def test_sleep_ends_by_itself(relay: Outbox) -> None:
    """Should a notification ever be lost, the sleep is as long as was asked for."""
    await falls_asleep(relay)
    async with asyncio.timeout(10):
        await relay.sleep(0.01)


async def test_writers_do_not_notify_a_relay_that_is_awake(
    pool: Pool, relay: Outbox, database_url: str
) -> None:
    """A notification makes every commit wait in line: none is sent while the relay is busy anyway."""
    heard: list[str] = []
    listener = await asyncpg.connect(database_url)
    await listener.add_listener(CHANNEL, lambda *_: heard.append("called"))
    try:
        await paid(pool, "C1")
        assert await _notified(listener, heard) == 0
        await relay.delete(await relay.read(10))
        await falls_asleep(relay)
        await paid(pool, "C2")
        assert await _notified(listener, heard) == 1
        await paid(pool, "C3")
        assert await _notified(listener, heard) == 2
        for _ in range(BUSY_READS):
            await relay.read(10)
        await paid(pool, "C4")
        assert await _notified(listener, heard) == 2
        assert await asleep(pool) == []
    finally:
        await listener.close()


async def test_of_two_relays_the_idle_one_is_woken_while_the_other_is_busy(pool: Pool, relays: Open) -> None:
    """Each relay says for itself whether it sleeps: the busy one silences nobody else's notifications."""
    idle, busy = await relays(), await relays()
    for _ in range(2):
        for relay in (idle, busy):
            await relay.take_shards()
    await falls_asleep(idle)
    await falls_asleep(busy)
    await paid(pool, a_charge_code(busy.shards))
    for _ in range(BUSY_READS):
        assert len(await busy.read(10)) == 1
    await idle.read(10)
    assert await asleep(pool) == [idle.shards[0]]
    async with sleeping(idle) as sleep, asyncio.timeout(10):
        await paid(pool, a_charge_code(idle.shards))
        await sleep


async def test_a_backlog_of_others_does_not_keep_a_relay_awake(pool: Pool, relays: Open) -> None:
    """A relay sleeps when its own shards are empty, whatever another one has still to do."""
    idle, other = await relays(), await relays()
    for _ in range(2):
        for relay in (idle, other):
            await relay.take_shards()
    await paid(pool, a_charge_code(other.shards))
    await falls_asleep(idle)
    async with sleeping(idle):
        pass


async def test_a_dead_sleeper_is_cleared_by_who_takes_its_shards(pool: Pool, relays: Open) -> None:
    """Nobody goes on notifying for a relay that fell asleep and died."""
    one = await relays()
    await one.take_shards()
    await falls_asleep(one)
    assert await asleep(pool) == [0]
    await ends(pool, one)
    await (await relays()).take_shards()
    assert await asleep(pool) == []


async def test_a_relay_without_shards_waits_silently(pool: Pool, relays: Open) -> None:
    """The seventeenth relay has nothing to be woken for; it looks for shards now and then."""
    opened = [await relays() for _ in range(SHARDS + 1)]
    for one in opened:
        await one.take_shards()
    (spare,) = [one for one in opened if not one.shards]
    assert await spare.read(10) == []
    async with asyncio.timeout(10):
        await spare.sleep(0.01)
    assert await asleep(pool) == []


async def _notified(listener: asyncpg.Connection, heard: list[str]) -> int:
    await listener.fetchval("SELECT 1")  # what was sent before arrives before this answer
    return len(heard)


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancel_that_comes_with_news_is_not_lost(relay: Outbox, turns: int) -> None:
    """Whoever is woken and cancelled at once ends: a relay would go on for ever, and with it its service."""
    await falls_asleep(relay)
    async with sleeping(relay) as task:
        relay._woken.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        was_over = task.done()
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled() is not was_over
