"""Topics, a ledger and settings of the test's own, and a producer."""

from collections.abc import AsyncIterator
from itertools import count

from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
import pytest

from paybus.contracts.topics import Topics
from paybus.exporter.settings import ExporterSettings
from paybus.ledger.pool import Pool, open_pool

_numbers = count(1)


@pytest.fixture
def topics() -> Topics:
    """Give topics that no other test has."""
    return Topics(f"exporter{next(_numbers)}")


@pytest.fixture
def settings(database_url: str, bootstrap: str, topics: Topics) -> ExporterSettings:
    """Give what the exporter is told."""
    return ExporterSettings(
        database_url=SecretStr(database_url), kafka_bootstrap=bootstrap, topic_prefix=topics.prefix
    )


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give a worker's connections to the ledger."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


@pytest.fixture
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as opened:
        yield opened
