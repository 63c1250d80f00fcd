"""A ledger of the test's own, and a gateway with which nothing goes wrong unless a code asks for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.execution.crew import Crew, enlist, open_sandbox
from tests.gateway.loopback import Loopback
from tests.sandbox.house import House

from paybus.ledger.pool import Pool, open_pool
from paybus.trades.operation import Kind


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give a process's connections to the ledger."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Run the gateway's stand-in."""
    async with open_sandbox() as opened:
        yield opened


@pytest.fixture
async def payer(pool: Pool, house: House) -> Crew:
    """Give a worker that pays."""
    return await enlist(pool, house, Kind.PAY)


@pytest.fixture
async def refunder(pool: Pool, house: House) -> Crew:
    """Give a worker that refunds."""
    return await enlist(pool, house, Kind.REFUND)


@pytest.fixture
async def canceller(pool: Pool, house: House) -> Crew:
    """Give a worker that cancels."""
    return await enlist(pool, house, Kind.CANCEL)


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """Serve a gateway whose every byte the test decides."""
    gateway = Loopback()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/openGateway/openService/"
    yield gateway
    server.close()


@pytest.fixture
async def other_pool(database_url: str) -> AsyncIterator[Pool]:
    """Give another process's connections to the same ledger."""
    async with open_pool(database_url, application_name="others") as opened:
        yield opened
