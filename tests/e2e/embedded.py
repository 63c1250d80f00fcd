"""A system on the embedded broker: for what has nothing to do with brokers, and is seen without Java too."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.system import System

from paybus.contracts.topics import Topics
from paybus.runtime.embedded_broker import EmbeddedBroker

PREFIX, PARTITIONS = "embedded", 3


@contextmanager
def embedded(folder: Path, database_url: str) -> Iterator[System]:
    """Give a system of which nothing runs yet but its broker and its database."""
    with EmbeddedBroker(dict.fromkeys(Topics(PREFIX).all(), PARTITIONS)) as broker:
        made = System(folder, bootstrap=broker.bootstrap, prefix=PREFIX, database_url=database_url)
        try:
            yield made
        finally:
            made.stop()
