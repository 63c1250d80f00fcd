"""A system on the session's real Kafka and PostgreSQL."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka

PARTITIONS = 6
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts the services as processes."""
    for item in items:
        if "system" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def system(kafka: ApacheKafka, database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system of which nothing runs yet but its broker and its database."""
    prefix = f"e2e{next(_numbers)}"
    made = System(tmp_path, bootstrap=kafka.bootstrap, prefix=prefix, database_url=database_url)
    kafka.create_topics(dict.fromkeys(made.topics.all(), PARTITIONS))
    yield made
    made.stop()
