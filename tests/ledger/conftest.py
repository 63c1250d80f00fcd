"""Two processes on one ledger: each has a pool of its own. And relays, each on its own connection."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from tests.ledger.relays import Open

from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give one process's connections to a ledger of the test's own."""
    async with open_pool(database_url, application_name="tests-one") as opened:
        yield opened


@pytest.fixture
async def other_pool(database_url: str) -> AsyncIterator[Pool]:
    """Give another process's connections to the same ledger."""
    async with open_pool(database_url, application_name="tests-other") as opened:
        yield opened


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
