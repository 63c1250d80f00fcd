"""The relay publishes each trade's events in order and at least once, whatever fails on the way."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from tests.notifier.books import announced, until_sent, waiting
from tests.notifier.brokers import Memory
from tests.notifier.relays import first_sights, in_turn, publishes_everything, running, trades

from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool
from paybus.ledger.shard import SHARDS
from paybus.notifier import publication
from paybus.notifier import relay as module
from paybus.notifier.errors import NotPublishedError
from paybus.notifier.memory_broker import MemoryBroker
from paybus.notifier.relay import Relay, open_outbox

LONG = 3600.0
"""What waits so long in a test has failed."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for shards and for a lost server at a pace at which tests need not wait."""
    monkeypatch.setattr(module, "TAKE_SECONDS", 0.02)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)


async def test_everything_arrives_once_and_in_order(
    pool: Pool, database_url: str, memory: MemoryBroker
) -> None:
    """Without faults each event is there exactly once, in its trade's order, and out of the outbox."""
    await publishes_everything(pool, database_url, Memory(memory))


async def test_more_than_a_round_is_published_in_rounds(
    pool: Pool, database_url: str, memory: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog is worked off in order, however large it is against a round."""
    monkeypatch.setattr(module, "MOST_EVENTS", 7)
    wanted = trades(count=10, versions=5)
    await announced(pool, *in_turn(wanted))
    async with running(database_url, Memory(memory)):
        await until_sent(pool)
    assert (len(memory.log), first_sights(memory.log)) == (50, wanted)


async def test_a_relay_that_sleeps_is_woken(
    pool: Pool, database_url: str, memory: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New events need not wait for the next look: the writers notify whoever said that he sleeps."""
    monkeypatch.setattr(module, "POLL_SECONDS", LONG)
    async with running(database_url, Memory(memory)) as relay:
        for number in range(3):
            await _until_asleep(pool)
            await announced(pool, f"m/C{number}/1")
            await until_sent(pool)
        relay.stop()
        await announced(pool, "m/last/1")  # wakes it, so that it sees that it is to stop
    assert len(memory.log) >= 3


async def test_what_nobody_notified_of_is_found(pool: Pool, database_url: str, memory: MemoryBroker) -> None:
    """A notification may get lost; nothing stays behind because of that."""
    async with running(database_url, Memory(memory)):
        await _until_asleep(pool)
        await pool.execute(
            "WITH kept AS (INSERT INTO event (ce_id, ce_type, charge_code, value)"
            " VALUES ('m/C1/1', 'x', 'C1', '') RETURNING ce_id)"
            " INSERT INTO outbox (shard, ce_id) SELECT 3, ce_id FROM kept"
        )
        await until_sent(pool)
    assert len(memory.log) == 1


@pytest.mark.parametrize("room", [0, 1, 7, 19])
async def test_a_broker_that_goes_and_comes_back(
    pool: Pool, database_url: str, memory: MemoryBroker, room: int
) -> None:
    """Nothing is deleted that was not acknowledged; afterwards all is there, repeats equal to the byte."""
    wanted = trades(count=10, versions=3)
    await announced(pool, *in_turn(wanted))
    memory.room = room
    async with running(database_url, Memory(memory)) as relay:
        await _until(lambda: len(memory.log) == room and memory.room == 0)
        assert await waiting(pool) == 30
        if room == 0:
            with pytest.raises(NotPublishedError):
                await relay.check()
        memory.room = float("inf")
        await until_sent(pool)
        await relay.check()
    assert first_sights(memory.log) == wanted
    assert len(set(memory.log)) == 30  # a repeat is equal to what was there before
    assert len(memory.log) == 30 + room


async def test_a_lost_ledger_is_found_again(pool: Pool, database_url: str, memory: MemoryBroker) -> None:
    """Its connection may be cut at any time: what was published and not deleted is published once more."""
    wanted = trades(count=20, versions=3)
    async with running(database_url, Memory(memory)):
        for ce_id in in_turn(wanted):
            await announced(pool, ce_id)
            if ce_id.endswith("0/2"):
                await _cut(pool)
        await until_sent(pool)
    assert first_sights(memory.log) == wanted
    assert len(set(memory.log)) == 60


async def test_two_relays_never_have_the_same_shard(pool: Pool, database_url: str) -> None:
    """Together they have all of them; when one's connection ends, the other has all."""
    async with open_outbox(database_url) as one:
        async with open_outbox(database_url) as other:
            await asyncio.gather(one.take_shards(), other.take_shards())
            assert not set(one.shards) & set(other.shards)
            assert len(one.shards + other.shards) == SHARDS
        await _until_taken(one)


async def test_another_relay_takes_over(pool: Pool, database_url: str, memory: MemoryBroker) -> None:
    """When the one that has the shards is cut off in the middle, the other goes on: nothing is lost."""
    wanted = trades(count=40, versions=3)
    relay = Relay(partial(open_outbox, database_url), Memory(memory).open_producer, "events")
    dying = asyncio.create_task(relay.run())
    async with running(database_url, Memory(memory)):
        for number, ce_id in enumerate(in_turn(wanted)):
            await announced(pool, ce_id)
            if number == 60:
                dying.cancel()
                await asyncio.wait({dying})
        await until_sent(pool)
    assert first_sights(memory.log) == wanted
    assert len(set(memory.log)) == 120


async def test_who_cannot_publish_gives_his_shards_up(
    pool: Pool, database_url: str, memory: MemoryBroker
) -> None:
    """A relay that does not reach the broker leaves its events to one that does."""
    await announced(pool, "m/C1/1")
    cut_off = MemoryBroker(room=1)
    async with running(database_url, Memory(cut_off)):
        await until_sent(pool)
        await announced(pool, "m/C2/1", "m/C3/1")
        async with running(database_url, Memory(memory)):
            await until_sent(pool)
    assert first_sights(memory.log) == {"C2": ["m/C2/1"], "C3": ["m/C3/1"]}


async def test_a_silent_broker_gets_one_copy(
    pool: Pool, database_url: str, memory: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gets no acknowledgement gives his shards up, and hands nothing over again before there is one."""
    monkeypatch.setattr(publication, "ACKNOWLEDGED_SECONDS", 0.01)
    await announced(pool, "m/C1/1")
    silent = MemoryBroker(silent=True)
    async with running(database_url, Memory(silent)):
        await _until(lambda: silent.handed_over > 0)
        async with running(database_url, Memory(memory)):
            await until_sent(pool)
        await announced(pool, "m/C2/1")
        assert silent.handed_over == 1
        silent.silent = False
        await until_sent(pool)
    assert (len(memory.log), first_sights(silent.log)) == (1, {"C2": ["m/C2/1"]})


async def test_a_stop_does_not_wait_for_a_silent_broker(
    pool: Pool, database_url: str, memory: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not acknowledged when the service stops stays in the outbox, for the next one."""
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    await announced(pool, "m/C1/1")
    memory.silent = True
    relay = Relay(partial(open_outbox, database_url), Memory(memory).open_producer, "events")
    task = asyncio.create_task(relay.run())
    await _until(lambda: memory.handed_over > 0)
    relay.stop()
    await asyncio.wait({task})
    assert await waiting(pool) == 1


async def _cut(pool: Pool) -> None:
    """End the relay's connection from outside, as a restart of the server would."""
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'paybus-relay' AND datname = current_database()"
    )


async def _until_asleep(pool: Pool) -> None:
    while not await pool.fetchval("SELECT bool_or(asleep) FROM relay"):  # noqa: ASYNC110 -- a database
        await asyncio.sleep(0.01)


async def _until_taken(outbox: Outbox) -> None:
    while len(outbox.shards) < SHARDS:
        await outbox.take_shards()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 -- what a broker has been handed is no event of ours
        await asyncio.sleep(0.01)
