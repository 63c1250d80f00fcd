"""Migrations: each once, from wherever they are started, and a clear word when that cannot be."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from paybus.ledger.errors import LedgerError, LedgerRefusedError, LedgerUnavailableError
from paybus.ledger.migration import migrate, missing_migrations
from paybus.ledger.pool import Pool, open_pool
from paybus.runtime.embedded_postgres import EmbeddedPostgres

FOLDER = Path(migrate.__code__.co_filename).with_name("migrations")
ALL = sorted(path.stem for path in FOLDER.glob("*.sql") if "rollback" not in path.name)
_numbers = count(1)


@pytest.fixture
def empty_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """Give the URL of a database without any table; dropped afterwards."""
    name = f"empty_{next(_numbers)}"
    yield postgres_server.create_database(name)
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def tables(url: str) -> set[str]:
    """Give the names of the tables there are."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows if "yoyo" not in name}


def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    """One call makes a ledger, on a server behind a socket too."""
    assert "host" in parse_qs(urlsplit(empty_url).query)
    assert migrate(empty_url) == ALL
    first = {"trade", "operation", "event", "outbox", "relay", "worker", "callback"}
    later = {"watch", "watch_progress", "replay", "reconciliation", "reconciliation_break", "doubted_record"}
    assert tables(empty_url) == first | later


def test_what_is_there_is_not_made_again(empty_url: str) -> None:
    """Every start may migrate: the second time there is nothing to do."""
    migrate(empty_url)
    assert migrate(empty_url) == []


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_names_of_the_scheme_are_understood(empty_url: str, scheme: str) -> None:
    """Whichever of its two names PostgreSQL is called by in the settings, it is the same."""
    assert migrate(f"{scheme}://{empty_url.partition('://')[2]}") == ALL


async def test_two_at_the_same_time_make_it_once(empty_url: str) -> None:
    """Every replica migrates when it starts, and they start together."""
    applied = await asyncio.gather(*[asyncio.to_thread(migrate, empty_url) for _ in range(4)])
    assert sorted(applied) == [[], [], [], ALL]


def test_who_was_killed_while_migrating_leaves_no_lock(empty_url: str) -> None:
    """A lock row would stay behind for ever; ours ends with the connection that took it."""
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(123632592516467)")
    assert migrate(empty_url) == ALL


def test_a_database_that_cannot_be_reached_is_named_as_such(tmp_path: Path) -> None:
    """Who starts a service without its database reads what is the matter, in this room's words."""
    with pytest.raises(LedgerUnavailableError, match="cannot be reached"):
        migrate(f"postgresql://postgres@/nothing?host={tmp_path}")


def test_a_database_that_does_not_exist_is_an_error_of_the_ledger(postgres_server: EmbeddedPostgres) -> None:
    """A wrong name is told by PostgreSQL, and passed on."""
    with pytest.raises(LedgerError, match="no_such"):
        migrate(postgres_server.url("no_such"))


def test_a_url_that_is_none_is_an_error_of_the_ledger() -> None:
    """A spoilt setting does not end in a driver's traceback."""
    with pytest.raises(LedgerError):
        migrate("postgresql://[")


def test_tables_that_are_not_ours_are_not_touched(empty_url: str) -> None:
    """In a database that somebody else uses, nothing is half made."""
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE outbox (theirs int)")
    with pytest.raises(LedgerRefusedError, match="outbox"):
        migrate(empty_url)
    assert tables(empty_url) == {"outbox"}


async def test_a_program_can_tell_whether_the_tables_are_there(empty_url: str, pool: Pool) -> None:
    """Before it takes any work, a service may ask whether the ledger is as new as it is itself."""
    async with open_pool(empty_url, application_name="tests") as empty:
        assert await missing_migrations(empty) == ALL
    assert await missing_migrations(pool) == []


def test_the_tables_can_be_taken_away_again(empty_url: str) -> None:
    """The rollbacks name all there is: what a developer undoes, he can make anew."""
    migrate(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        for name in reversed(ALL):
            connection.execute((FOLDER / f"{name}.rollback.sql").read_text())
    assert tables(empty_url) == set()
