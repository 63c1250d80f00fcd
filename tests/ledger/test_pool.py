"""Connections: how they are set, and what their failures are called."""

import asyncio
from typing import Any

import asyncpg
import psycopg
from psycopg import sql
import pytest

from paybus.ledger.errors import LedgerError, LedgerRefusedError, LedgerUnavailableError, translated
from paybus.ledger.pool import Pool, open_pool
from paybus.runtime.embedded_postgres import EmbeddedPostgres


async def test_plans_are_made_for_the_tables_as_they_are(pool: Pool) -> None:
    """A plan that was made while the tables were empty must not be used for ever after."""
    assert await pool.fetchval("SHOW plan_cache_mode") == "force_custom_plan"
    for choice in ("seqscan", "mergejoin"):
        assert await pool.fetchval(f"SHOW enable_{choice}") == "off"
    assert await pool.fetchval("SHOW application_name") == "tests-one"


async def test_one_statement_is_one_question_to_the_server(pool: Pool, other_pool: Pool) -> None:
    """Nothing is reset after each statement, which would cost as much as the statement itself."""
    async with pool.acquire() as connection:
        pid = connection.get_server_pid()
    last = await other_pool.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid)
    assert "RESET" not in last
    assert await pool.fetchval("SELECT 1 AS mine") == 1
    last = await other_pool.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid)
    assert last == "SELECT 1 AS mine"


async def test_a_transaction_that_was_left_open_is_rolled_back(database_url: str) -> None:
    """Whoever gives a connection back in the middle of something leaves nothing to the next."""
    async with open_pool(database_url, application_name="tests", most=1) as opened:
        reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        async with opened.acquire() as connection:
            await connection.transaction().start()
            await connection.execute("DELETE FROM relay")
        assert await opened.fetchval("SELECT count(*) FROM relay") == 16
        assert "active transaction" in reported[0]["message"]


async def test_what_is_reported_as_written_is_on_the_disk(
    database_url: str, postgres_server: EmbeddedPostgres
) -> None:
    """What the promises rest on is not left to how somebody has set up the database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(name)
        )
    async with open_pool(database_url, application_name="tests") as opened:
        assert await opened.fetchval("SHOW synchronous_commit") == "on"
        assert await opened.fetchval("SHOW transaction_isolation") == "read committed"


async def test_no_statement_waits_for_ever(pool: Pool) -> None:
    """Whoever holds a row too long, or makes PostgreSQL work too long, is cut off."""
    assert await pool.fetchval("SHOW lock_timeout") == "10s"
    assert await pool.fetchval("SHOW statement_timeout") == "30s"


async def test_a_server_that_is_not_there_is_an_unavailable_ledger(tmp_path) -> None:
    """A pool cannot be opened without a server, and says so in this room's words."""
    with pytest.raises(LedgerUnavailableError):
        async with open_pool(f"postgresql://postgres@/x?host={tmp_path}", application_name="tests"):
            pass


async def test_the_end_does_not_wait_for_a_connection_that_is_never_given_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that hangs with a connection in its hands does not keep the process from ending."""
    monkeypatch.setattr("paybus.ledger.pool.CLOSE_SECONDS", 0.01)
    async with asyncio.timeout(10):
        async with open_pool(database_url, application_name="tests") as opened:
            connection = await opened.acquire()
            raw = connection._con
        assert raw.is_closed()


async def test_an_error_in_the_block_is_passed_on(database_url: str) -> None:
    """Closing does not hide what went wrong before it."""
    with pytest.raises(ZeroDivisionError):
        async with open_pool(database_url, application_name="tests"):
            raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "known_as"),
    [
        (asyncpg.DeadlockDetectedError("deadlock detected"), LedgerUnavailableError),
        (asyncpg.LockNotAvailableError("lock timeout"), LedgerUnavailableError),
        (asyncpg.QueryCanceledError("statement timeout"), LedgerUnavailableError),
        (asyncpg.AdminShutdownError("terminating connection"), LedgerUnavailableError),
        (asyncpg.CannotConnectNowError("starting up"), LedgerUnavailableError),
        (asyncpg.TooManyConnectionsError("too many"), LedgerUnavailableError),
        (asyncpg.DiskFullError("no space left"), LedgerUnavailableError),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), LedgerUnavailableError),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle"), LedgerUnavailableError),
        (asyncpg.InterfaceError("pool is closing"), LedgerUnavailableError),
        (ConnectionRefusedError(), LedgerUnavailableError),
        (TimeoutError(), LedgerUnavailableError),
        (asyncpg.CheckViolationError("trade_check"), LedgerRefusedError),
        (asyncpg.UndefinedColumnError("another version"), LedgerRefusedError),
        (asyncpg.CharacterNotInRepertoireError("0x00"), LedgerRefusedError),
        (asyncpg.DataError("out of range"), LedgerRefusedError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_can_be_tried_again_is_told_from_what_cannot(
    error: Exception, known_as: type[LedgerError]
) -> None:
    """Unavailable may be submitted again and may succeed; refused will be refused again."""
    with pytest.raises(known_as, match=type(error).__name__) as raised, translated():
        raise error
    assert raised.value.__cause__ is error


async def test_a_value_that_cannot_be_sent_is_refused_and_not_retried(pool: Pool) -> None:
    """The driver refuses some values before PostgreSQL sees them: that is no loss of the connection."""
    for value in ("a\0b", "\ud800"):
        with pytest.raises(LedgerRefusedError), translated():
            await pool.fetch("SELECT $1::text", value)
    with pytest.raises(LedgerRefusedError), translated():
        await pool.fetch("SELECT $1::int", 2**40)
