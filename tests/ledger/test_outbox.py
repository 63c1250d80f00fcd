"""The outbox: in order, by one relay a shard, nothing lost at a change of hands, and no sleep too long."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest
from tests.ledger.house import MERCHANT, concluded, hand, paid, pay, refund
from tests.ledger.tables import outbox as outbox_ids

from paybus.contracts.event import reject
from paybus.ledger.announcement import publish
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.held import identity_of
from paybus.ledger.outbox import BUSY_READS, CHANNEL, SECOND_LOOK_SECONDS, Outbox
from paybus.ledger.pool import Pool
from paybus.ledger.shard import SHARDS, shard_of
from paybus.trades.operation import Kind

LONG_SECONDS = 60.0
"""Longer than any test may take: who wakes from it was woken."""

Open = Callable[[], Coroutine[Any, Any, Outbox]]


@pytest.fixture
async def relays(database_url: str) -> AsyncIterator[Open]:
    """Give relays, each on a connection of its own and listening."""
    async with AsyncExitStack() as stack:

        async def open_relay() -> Outbox:
            connection = await asyncpg.connect(database_url)
            stack.push_async_callback(_close, connection)
            relay = Outbox(connection)
            await relay.listen()
            return relay

        yield open_relay


async def _close(connection: asyncpg.Connection) -> None:
    if not connection.is_closed():
        await connection.close()


@pytest.fixture
async def relay(relays: Open) -> Outbox:
    """Give the only relay, with every shard."""
    opened = await relays()
    await opened.take_shards()
    return opened


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


async def ends(pool: Pool, relay: Outbox) -> None:
    """Cut off a relay's connection, and return when its session has gone."""
    pid = relay._connection.get_server_pid()
    assert await pool.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)


async def asleep(pool: Pool) -> list[int]:
    """Give the shards under which a relay says that it sleeps."""
    return [row["shard"] for row in await pool.fetch("SELECT shard FROM relay WHERE asleep ORDER BY shard")]


def a_charge_code(shards: tuple[int, ...]) -> str:
    """Find a charge code that belongs to one of *shards*."""
    return next(code for n in range(10_000) if shard_of(code := f"C{n}") in shards)


async def test_events_come_as_they_were_written(pool: Pool, relay: Outbox) -> None:
    """What the relay reads has everything a record needs, in the order of writing."""
    await paid(pool, "C1", "C2", "C3")
    pending = await relay.read(10)
    assert [one.ce_id for one in pending] == [f"{MERCHANT}/C{number}/1" for number in (1, 2, 3)]
    assert {(one.ce_type, one.traceparent) for one in pending} == {("trade.paid", "00-aa-bb-01")}
    assert [one.charge_code for one in pending] == ["C1", "C2", "C3"]
    assert all(one.value.startswith(b"{") and one.occurred_at.tzinfo for one in pending)


async def test_at_most_so_many_are_read_the_oldest_first(pool: Pool, relay: Outbox) -> None:
    """A backlog is worked off in parts, from its old end."""
    await paid(pool, *[f"C{number}" for number in range(7)])
    ids = await outbox_ids(pool)
    assert [one.ce_id for one in await relay.read(3)] == ids[:3]


async def test_what_was_not_deleted_is_read_again(pool: Pool, relay: Outbox) -> None:
    """A relay that fails before Kafka has acknowledged leaves everything for the next try."""
    await paid(pool)
    assert await relay.read(10) == await relay.read(10)


async def test_what_is_deleted_is_gone_and_nothing_else(pool: Pool, relay: Outbox) -> None:
    """Only what was published is struck out, though more came meanwhile; the event itself stays."""
    await paid(pool, "C1")
    pending = await relay.read(10)
    await paid(pool, "C2")
    await relay.delete(pending)
    assert await outbox_ids(pool) == [f"{MERCHANT}/C2/1"]
    assert await pool.fetchval("SELECT count(*) FROM event") == 2
    await relay.delete([])


async def test_a_lower_number_that_commits_later_is_read_later(pool: Pool, relay: Outbox) -> None:
    """Numbers are taken before the commit: a relay that had gone on from the highest would lose this one."""
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await publish(slow, [_rejection("C1")])
        await publish(pool, [_rejection("C2")])
        (quick,) = await relay.read(10)
        await relay.delete([quick])
        await transaction.commit()
    (late,) = await relay.read(10)
    assert late.outbox_id < quick.outbox_id
    assert late.charge_code == "C1"


async def test_a_trades_events_are_in_the_order_of_their_versions(
    pool: Pool, other_pool: Pool, relay: Outbox
) -> None:
    """However many workers write a trade, its events are read in the order 1, 2, 3 ..."""
    await paid(pool)
    workers = [await hand(one, Kind.REFUND) for one in (pool, other_pool) * 2]
    batches = [await worker.holds(refund(f"R{n}", amount_fen=100)) for n, worker in enumerate(workers)]

    async def carry_out(number: int) -> None:
        granted = await workers[number].granted(refund(f"R{number}-a", amount_fen=100))
        await workers[number].settles(*map(concluded, granted))

    await asyncio.gather(*[carry_out(number) for number in range(4)])
    versions = [int(one.ce_id.rpartition("/")[2]) for one in await relay.read(100)]
    assert versions == list(range(1, 1 + 1 + 4 * 2))
    assert all(batches)


async def test_one_relay_alone_takes_every_shard(relay: Outbox) -> None:
    """Nothing waits for a second relay that may never come."""
    assert relay.shards == tuple(range(SHARDS))


async def test_no_shard_has_two_relays_and_none_is_left(relays: Open) -> None:
    """However many relays come, they share the shards, each nearly as many, every shard once."""
    opened: list[Outbox] = []
    for count in range(1, 5):
        opened.append(await relays())
        for _ in range(2):
            for one in opened:
                await one.take_shards()
        owned = Counter(shard for one in opened for shard in one.shards)
        assert owned == dict.fromkeys(range(SHARDS), 1)
        assert max(len(one.shards) for one in opened) == -(-SHARDS // count)


async def test_a_relay_reads_its_own_shards_only(pool: Pool, relays: Open) -> None:
    """What belongs to another relay is not even seen."""
    one, other = await relays(), await relays()
    for relay in (one, other):
        await relay.take_shards()
    await paid(pool, *[f"C{number}" for number in range(40)])
    read = [await relay.read(100) for relay in (one, other)]
    assert sorted(pending.charge_code for part in read for pending in part) == sorted(
        f"C{number}" for number in range(40)
    )
    for relay, part in zip((one, other), read, strict=True):
        assert {shard_of(pending.charge_code) for pending in part} <= set(relay.shards)


async def test_the_shards_of_a_relay_that_died_are_taken_over(
    pool: Pool, database_url: str, relay: Outbox
) -> None:
    """A relay's locks die with its connection, and the next one reads what it left, undeleted."""
    await paid(pool)
    connection = await asyncpg.connect(database_url)
    next_one = Outbox(connection)
    await next_one.listen()
    try:
        await next_one.take_shards()
        assert next_one.shards == ()
        left = await relay.read(10)
        await ends(pool, relay)
        await next_one.take_shards()
        assert next_one.shards == tuple(range(SHARDS))
        assert await next_one.read(10) == left
    finally:
        await connection.close()


async def test_a_lost_connection_is_an_unavailable_ledger(pool: Pool, relay: Outbox) -> None:
    """A relay that has lost its connection has lost its shards: it is told so at the next step."""
    await ends(pool, relay)
    with pytest.raises(LedgerUnavailableError):
        await relay.read(10)


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
    for write in (lambda: worker.settles(concluded(held)), lambda: publish(pool, [_rejection("C2")])):
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


async def test_the_relay_table_has_every_shard(pool: Pool) -> None:
    """A relay finds the row of its lowest shard, whichever that is."""
    rows = await pool.fetch("SELECT shard FROM relay ORDER BY shard")
    assert [row["shard"] for row in rows] == list(range(SHARDS))


async def _notified(listener: asyncpg.Connection, heard: list[str]) -> int:
    await listener.fetchval("SELECT 1")  # what was sent before arrives before this answer
    return len(heard)


def _rejection(charge_code: str) -> Any:
    identity = identity_of(pay(charge_code).operation)
    return reject(Kind.PAY, identity, reason="expired", message="no", fingerprint=b"1")
