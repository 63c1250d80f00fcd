"""The outbox: in order, by one relay a shard, and nothing lost at a change of hands."""

import asyncio
from collections import Counter

import asyncpg
import pytest
from tests.ledger.house import MERCHANT, concluded, hand, paid, refund
from tests.ledger.relays import Open, a_rejection, ends
from tests.ledger.tables import outbox as outbox_ids

from paybus.ledger.announcement import publish
from paybus.ledger.errors import LedgerUnavailableError
from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool
from paybus.ledger.shard import SHARDS, shard_of
from paybus.trades.operation import Kind


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
        await publish(slow, [a_rejection("C1")])
        await publish(pool, [a_rejection("C2")])
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


async def test_the_relay_table_has_every_shard(pool: Pool) -> None:
    """A relay finds the row of its lowest shard, whichever that is."""
    rows = await pool.fetch("SELECT shard FROM relay ORDER BY shard")
    assert [row["shard"] for row in rows] == list(range(SHARDS))
