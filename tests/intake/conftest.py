"""A ledger of the test's own, and an intake that need not be waited for."""

from collections.abc import AsyncIterator

import pytest

from paybus.intake import intake as module
from paybus.ledger.pool import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give a process's connections to the ledger."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.0)
