"""What could not be stored is not answered with SUCCESS: the gateway comes again, and it is applied once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
import pytest
from structlog.testing import capture_logs
from tests.notifier.books import LOCK_C1, asked_for, events, snapshot, trade, until_blocked
from tests.notifier.house import Receiving, receiving, told

from paybus.ledger.pool import Pool
from paybus.notifier import receiver as module


@contextmanager
def unreachable(database_url: str, server_url: str) -> Iterator[None]:
    """Let nobody connect to a database while the block runs, and end every connection to it."""
    name = urlsplit(database_url).path[1:]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


async def test_without_a_ledger_there_is_no_success(
    pool: Pool, receiver: Receiving, database_url: str, postgres_url: str
) -> None:
    """While PostgreSQL is away each callback gets 503; when it is back, the repeat is applied."""
    await asked_for(pool)
    before = await snapshot(pool)
    with unreachable(database_url, postgres_url), capture_logs() as lines:
        answers = [await receiver.post(told()) for _ in range(3)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(503, "unavailable")}
    assert {line["event"] for line in lines} == {"callback.unavailable"}
    assert await snapshot(pool) == before

    assert (await receiver.post(told())).text == "SUCCESS"
    assert await events(pool) == ["trade.paid"]
    assert receiver.verdicts() == {"unavailable": 3, "applied": 1}


async def test_a_ledger_that_takes_too_long_is_not_waited_for(
    pool: Pool, receiver: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway is told to come again; what was written all the same makes its repeat a duplicate."""
    await asked_for(pool)
    monkeypatch.setattr(module, "STORE_SECONDS", 0.05)
    async with pool.acquire() as other, other.transaction():
        await other.execute(LOCK_C1)
        assert (await receiver.post(told())).status_code == 503
    monkeypatch.setattr(module, "STORE_SECONDS", 60.0)
    assert (await receiver.post(told())).text == "SUCCESS"
    assert await events(pool) == ["trade.paid"]
    assert receiver.verdicts() == {"unavailable": 1, "duplicate": 1}


async def test_a_stop_waits_for_callbacks_in_progress(pool: Pool) -> None:
    """What is being stored when the service stops is stored and answered."""
    await asked_for(pool)
    locked, release = asyncio.Event(), asyncio.Event()

    async def lock() -> None:
        async with pool.acquire() as other, other.transaction():
            await other.execute(LOCK_C1)
            locked.set()
            await release.wait()

    locking = asyncio.create_task(lock())
    await locked.wait()
    async with receiving(pool) as receiver:
        posting = asyncio.create_task(receiver.post(told()))
        await until_blocked(pool)
        asyncio.get_running_loop().call_soon(release.set)
        await receiver.stop()
        assert (await posting).text == "SUCCESS"
    await locking
    assert (await trade(pool))["state"] == "paid"
