"""The loopback gateway, the engines that meet it, and a merchant who uses it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.gateway.loopback import Loopback

from paybus.gateway.engine import EngineName, make_engine
from paybus.gateway.merchant import Merchant


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """Serve on a free port of 127.0.0.1."""
    gateway = Loopback()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway.base_url = f"http://127.0.0.1:{port}/openGateway/openService/"
    yield gateway
    server.close()


@pytest.fixture(params=["pyreqwest", "httpcore"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """Give each engine in turn, behind the one port."""
    name: EngineName = request.param
    made = make_engine(name)
    yield made
    await made.aclose()


@pytest.fixture
def merchant(loopback: Loopback) -> Merchant:
    """Give a merchant whose gateway is the loopback server."""
    return Merchant(
        merchant_id="0010000001",
        key="TESTKEY0123456789ABCDEFGHIJKLMNO",
        base_url=loopback.base_url,
        oper_id="oper01",
        dev_id="dev01",
    )
