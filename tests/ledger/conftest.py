"""Two processes on one ledger: each has a pool of its own."""

from collections.abc import AsyncIterator

import pytest

from paybus.ledger.pool import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give one process's connections to a ledger of the test's own."""
    async with open_pool(database_url, application_name="tests-one") as opened:
        yield opened


@pytest.fixture
async def other_pool(database_url: str) -> AsyncIterator[Pool]:
    """Give another process's connections to the same ledger."""
    async with open_pool(database_url, application_name="tests-other") as opened:
        yield opened
