"""A ledger and a gateway of the test's own, and the reconciler between them."""

from collections.abc import AsyncIterator

import pytest
from tests.reconciler.house import House, open_house

from paybus.ledger.pool import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give connections to a ledger of the test's own."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


@pytest.fixture
async def house(pool: Pool) -> AsyncIterator[House]:
    """Give the sandbox, our clients, and the ledger."""
    async with open_house(pool) as opened:
        yield opened
