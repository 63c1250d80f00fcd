"""PostgreSQL for tests: one server a session, one fresh and migrated database a test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
import tempfile

import psycopg
from psycopg import sql
import pytest
from tests.plugins.evidence import EVIDENCE

from paybus.runtime.embedded_postgres import EmbeddedPostgres

TEMPLATE = "migrated"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, so that `-m "not postgres"` leaves it out."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[EmbeddedPostgres]:
    """Start the session's server; without fsync, for its data ends with the session."""
    with (
        tempfile.TemporaryDirectory(prefix="paybus-postgres-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", fsync=False) as server,
    ):
        with psycopg.connect(server.url()) as connection:
            version = connection.info.parameter_status("server_version") or "of unknown version"
        pytestconfig.stash[EVIDENCE].started("PostgreSQL", version, {"postgres_server"})
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """Give the URL of an empty database on the session's server; shared, so leave it empty."""
    return postgres_server.url()


@pytest.fixture(scope="session")
def _template(postgres_server: EmbeddedPostgres) -> str:
    from paybus.ledger.migration import migrate  # noqa: PLC0415 -- only tests of the ledger need it

    migrate(postgres_server.create_database(TEMPLATE))
    return TEMPLATE


_numbers = count(1)


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, _template: str) -> Iterator[str]:
    """Give the URL of a database of the test's own, with every migration applied; dropped afterwards."""
    name = f"test_{next(_numbers)}"
    yield postgres_server.create_database(name, template=_template)
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
