"""Relays at work, and what a reader of their topic sees."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from tests.notifier.books import announced, until_sent
from tests.notifier.brokers import Kafka, Memory

from paybus.ledger.pool import Pool
from paybus.notifier.memory_broker import Record
from paybus.notifier.relay import Relay, open_outbox


@asynccontextmanager
async def running(database_url: str, broker: Memory | Kafka) -> AsyncIterator[Relay]:
    """Let a relay run while the block runs; afterwards it must have ended by itself."""
    relay = Relay(partial(open_outbox, database_url), broker.open_producer, broker.topic)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await task


def first_sights(records: Sequence[Record]) -> dict[str, list[str]]:
    """Give the events of each trade in the order in which a reader first sees them."""
    seen: dict[str, list[str]] = {}
    for record in records:
        ce_id = dict(record.headers)["ce_id"].decode()
        known = seen.setdefault(record.key.decode(), [])
        if ce_id not in known:
            known.append(ce_id)
    return seen


def trades(count: int, versions: int) -> dict[str, list[str]]:
    """Give the ids of events, by trade, as they should be seen."""
    codes = [f"C{number}" for number in range(count)]
    return {code: [f"m/{code}/{version + 1}" for version in range(versions)] for code in codes}


def in_turn(wanted: dict[str, list[str]]) -> list[str]:
    """Mix the trades: first versions first."""
    return [ce_id for versions in zip(*wanted.values(), strict=True) for ce_id in versions]


async def publishes_everything(pool: Pool, database_url: str, broker: Memory | Kafka) -> None:
    """Check that a backlog arrives: each event once, in order, as it was committed."""
    wanted = trades(count=50, versions=4)
    await announced(pool, *in_turn(wanted))
    async with running(database_url, broker):
        await until_sent(pool)
    records = await broker.records()
    assert len(records) == 200
    assert first_sights(records) == wanted
    values = {row["value"] for row in await pool.fetch("SELECT value FROM event")}
    assert {record.value for record in records} == values
