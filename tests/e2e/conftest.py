"""A system on the session's real Kafka and PostgreSQL."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres

PARTITIONS = 6
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts the services as processes."""
    for item in items:
        if any(name.endswith("system") for name in getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def system(kafka: ApacheKafka, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system of which nothing runs yet but its broker and its database."""
    yield from systems_on(kafka, database_url, tmp_path)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Give a PostgreSQL of the test's own, to be killed."""
    with EmbeddedPostgres(tmp_path / "postgres", fsync=False) as server:
        yield server


@pytest.fixture
def lone_system(kafka: ApacheKafka, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[System]:
    """Give a system like `system`, but with its ledger on the test's own PostgreSQL."""
    url = postgres.create_database("ledger")
    migrate(url)
    yield from systems_on(kafka, url, tmp_path)


def systems_on(kafka: ApacheKafka, database_url: str, folder: Path) -> Iterator[System]:
    """Give one system on this broker and this database, and stop it afterwards."""
    prefix = f"e2e{next(_numbers)}"
    made = System(folder, bootstrap=kafka.bootstrap, prefix=prefix, database_url=database_url)
    kafka.create_topics(dict.fromkeys(made.topics.all(), PARTITIONS))
    yield made
    made.stop()
