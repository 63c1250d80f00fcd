"""The sandbox most tests are content with."""

from collections.abc import AsyncIterator

import pytest
from tests.sandbox.house import House, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Run a sandbox where nothing goes wrong and nothing takes time."""
    async with open_house() as house:
        yield house
