"""A ledger of the test's own, the broker in memory and the real one, and the receiver behind real HTTP."""

from collections.abc import AsyncIterator

import pytest
from tests.notifier.brokers import Kafka
from tests.notifier.house import Receiving, receiving

from paybus.ledger.pool import Pool, open_pool
from paybus.notifier.memory_broker import MemoryBroker


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give the connections of one process to a ledger of the test's own."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


@pytest.fixture
async def receiver(pool: Pool) -> AsyncIterator[Receiving]:
    """Give a receiver that listens, on the test's ledger."""
    async with receiving(pool) as opened:
        yield opened


@pytest.fixture
def memory() -> MemoryBroker:
    """Give a broker that can be made to fail."""
    return MemoryBroker()


@pytest.fixture
def broker(bootstrap: str) -> Kafka:
    """Give a broker that speaks Kafka: the real one, where it can run."""
    return Kafka(bootstrap)
