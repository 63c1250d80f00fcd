"""The embedded PostgreSQL is a real, durable server that needs no set-up."""

import asyncio
from collections.abc import Iterator
import importlib.util
from pathlib import Path
import tempfile

import asyncpg
import psycopg
import pytest

from paybus.runtime.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder of its own: pytest takes the rights of others away from its own ones in every run."""
    with tempfile.TemporaryDirectory(prefix="paybus-test-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with (
        tempfile.TemporaryDirectory(prefix="paybus-test-") as name,
        EmbeddedPostgres(Path(name) / "postgres") as server,
    ):
        yield server


def test_committed_rows_survive_a_killed_server(server: EmbeddedPostgres) -> None:
    """What was committed is there after kill -9 of the server and a second start on the same directory."""
    url = server.create_database("survivor")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    first = server.pid
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert server.pid != first


def test_durability_is_on_unless_it_is_given_up(server: EmbeddedPostgres) -> None:
    """By default a commit is on disk before it is answered."""
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'), "
            "current_setting('full_page_writes'), current_setting('listen_addresses')"
        ).fetchone()
    assert row == ("on", "on", "on", "")


def test_both_drivers_understand_the_url(server: EmbeddedPostgres) -> None:
    """One URL serves asyncpg and psycopg, also with a name that needs quoting."""
    url = server.create_database("two words")

    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval("SELECT current_database()"))
        finally:
            await connection.close()

    assert asyncio.run(ask()) == "two words"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("two words",)


def test_a_database_is_created_once(server: EmbeddedPostgres) -> None:
    """Creating a database again leaves its tables alone."""
    with psycopg.connect(server.create_database("again")) as connection:
        connection.execute("CREATE TABLE here (number int)")
    with psycopg.connect(server.create_database("again")) as connection:
        assert connection.execute("SELECT count(*) FROM here").fetchone() == (0,)


def test_an_unknown_template_is_our_error(server: EmbeddedPostgres) -> None:
    """The driver's exceptions are translated where they appear."""
    with pytest.raises(EmbeddedPostgresError, match="no_such_template"):
        server.create_database("copy", template="no_such_template")


def test_a_running_server_is_adopted_and_stopped_by_pid(folder: Path) -> None:
    """A second object on the same directory finds the server, and either of them stops it in order."""
    first, second = (EmbeddedPostgres(folder / "postgres", fsync=False) for _ in range(2))
    first.start()
    with second:
        assert second.pid == first.pid
    assert first.pid > 0, "leaving the adopter's block does not stop what it did not start"
    second.stop()
    assert "database system is shut down" in (folder / "postgres" / "server.log").read_text()
    with pytest.raises(EmbeddedPostgresError, match="no PostgreSQL runs"):
        _ = first.pid
    first.stop()


def test_a_stale_pid_file_is_no_server(folder: Path) -> None:
    """A pid file left by a crash, naming a process that is somebody else's now, does not stop the start."""
    server = EmbeddedPostgres(folder / "postgres", fsync=False)
    server.start()
    server.kill()
    pid_file = folder / "postgres" / "cluster" / "postmaster.pid"
    pid_file.write_text("1\n" + pid_file.read_text().split("\n", 1)[1])
    with server:
        assert server.pid != 1


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    """The kernel's limit on socket paths is no limit on where the data may be."""
    directory = folder / ("d" * 90) / "postgres"
    with EmbeddedPostgres(directory, fsync=False) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_broken_cluster_is_named_with_the_servers_own_words(folder: Path) -> None:
    """A server that exits at start is reported with the end of its log, without waiting for the time-out."""
    server = EmbeddedPostgres(folder / "postgres", fsync=False)
    server.start()
    server.stop()
    (folder / "postgres" / "cluster" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedPostgresError, match=r"exited(?s:.*)9\.6"):
        server.start()


def test_a_missing_wheel_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional wheel the message says what to install or set."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match=r"paybus\[embedded\].*PAYBUS_DATABASE_URL"):
        EmbeddedPostgres(folder / "postgres").start()
