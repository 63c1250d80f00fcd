"""A sandbox in the test's own event loop, our client in front of it, and its books behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
import time
from typing import Any

import httpx

from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.merchant import Merchant
from paybus.gateway.pay import PayRequest
from paybus.gateway.signature import sign
from paybus.sandbox.gateway import Conditions, Gateway
from paybus.sandbox.server import running

MERCHANT = Merchant(
    merchant_id="0010000001",
    key="TESTKEY0123456789ABCDEFGHIJKLMNO",
    base_url="http://127.0.0.1:1/openGateway/openService/",
    oper_id="oper01",
    dev_id="dev01",
)
OTHER = replace(MERCHANT, merchant_id="0010000002", key="OTHERKEY0123456789ABCDEFGHIJKLMN", encrypt=True)
MERCHANTS = {merchant.merchant_id: merchant for merchant in (MERCHANT, OTHER)}


def conditions(**changed: Any) -> Conditions:
    """Give the sandbox's conditions, two merchants known."""
    return Conditions(**{"merchants": MERCHANTS} | changed)


def payment(code: str = "C1", amount_fen: int = 15800, **changed: Any) -> PayRequest:
    """Ask for a payment."""
    return PayRequest(
        charge_code=code, amount_fen=amount_fen, dynamic_id="280000000000000001", subject="Tea", **changed
    )


@dataclass
class House:
    """One running sandbox."""

    gateway: Gateway
    address: str
    engine: httpx.AsyncBaseTransport
    http: httpx.AsyncClient

    @property
    def base(self) -> str:
        """Where the operations are."""
        return f"{self.address}/openGateway/openService/"

    def client(
        self, *, encrypt: bool = False, merchant: Merchant = MERCHANT, **changed: Any
    ) -> GatewayClient:
        """Give our client for a merchant."""
        mine = replace(merchant, base_url=self.base, encrypt=encrypt, **changed)
        return GatewayClient(mine, self.engine)

    def signed(self, text: bytes | str, key: str = MERCHANT.key) -> str:
        """Sign a text."""
        return sign(text, key=key, timestamp_ms=1_500_000_000_123)

    async def post(
        self, path: str, body: bytes | str, *, query: str = "&_type=json", made: str | None = None
    ) -> httpx.Response:
        """POST a signed body by hand."""
        data = body.encode() if isinstance(body, str) else body
        made = self.signed(data) if made is None else made
        return await self.http.post(f"{self.base}{path}?sign={made}{query}", content=data)

    def let_time_pass(self) -> None:
        """Let everything happen that waits for its time, and show what lags."""
        for timer in list(self.gateway.clock._timers):
            timer.handle.cancel()
            timer.fire()
        self.gateway.books.now = lambda: time.time() + 86_400

    def effects(self, kind: str | None = None) -> list[tuple[str, str, int, object]]:
        """Give (kind, charge code, fen, cause) of the effects in the books."""
        return [
            (effect.kind, effect.charge_code, effect.amount_fen, effect.cause)
            for effect in self.gateway.books.effects
            if kind in {None, effect.kind}
        ]


@asynccontextmanager
async def open_house(**changed: Any) -> AsyncIterator[House]:
    """Run a sandbox under the conditions that differ from the default."""
    engine = make_engine()
    try:
        async with (
            running(conditions(**changed)) as (gateway, address),
            httpx.AsyncClient(trust_env=False) as http,
        ):
            yield House(gateway, address, engine, http)
    finally:
        await engine.aclose()


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop work until it is so; the test's own time limit is the bound."""
    while not condition():  # noqa: ASYNC110 - the books have no bell, and need none for anybody else
        await asyncio.sleep(0.001)


@dataclass
class Receiver:
    """A merchant's notification address that keeps what comes and answers with `statuses` in turn."""

    statuses: list[int]
    url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests of one connection; they are answered while `answering` is set."""
        self.connections[writer] = asyncio.current_task()
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode().split("\r\n")
                lengths = [
                    line.partition(":")[2] for line in lines if line.lower().startswith("content-length")
                ]
                body = await reader.readexactly(int(lengths[0]))
                self.received.append((lines[0].split(" ")[1], body))
                await self.answering.wait()
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                writer.write(
                    f"HTTP/1.1 {status} X\r\nLocation: /other\r\nContent-Length: 7\r\n\r\nSUCCESS".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def end(self) -> None:
        """End all connections."""
        self.answering.set()
        for writer in self.connections:
            writer.close()
        await asyncio.gather(*filter(None, self.connections.values()))


@asynccontextmanager
async def open_receiver(*statuses: int) -> AsyncIterator[Receiver]:
    """Listen for callbacks."""
    receiver = Receiver(list(statuses) or [200])
    receiver.answering.set()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notify"
    try:
        yield receiver
    finally:
        server.close()
        await receiver.end()
