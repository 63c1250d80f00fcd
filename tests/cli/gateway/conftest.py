"""A sandbox as a process, and merchant files that lead to it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests.process import PythonProcess

from paybus.gateway.client import GatewayClient
from paybus.gateway.engine import make_engine
from paybus.gateway.merchant import Merchant, load_merchant
from paybus.gateway.pay import PayRequest
from paybus.trades.money import Fen

PLAIN, ENCRYPTED, IN_XML = "0010000001", "0010000002", "0010000003"
KEY = "MADE-UP-KEY-OF-A-SHOP"
OWN = {PLAIN: "", ENCRYPTED: "encrypt = true\n", IN_XML: 'request_format = "xml"\nreply_format = "xml"\n'}


@dataclass(frozen=True)
class Shop:
    """A running sandbox, and the merchants who buy there."""

    address: str
    merchants: Path
    taken: set[str] = field(default_factory=set)

    def new_code(self) -> str:
        """Give a number that was never used."""
        self.taken.add(code := f"S{len(self.taken):05d}")
        return code

    def pay(self, merchant_id: str = PLAIN, **changed: Any) -> str:
        """Pay a new order at once, and give its number."""
        request = PayRequest(
            charge_code=self.new_code(),
            amount_fen=Fen(15800),
            dynamic_id="280000000000000001",
            subject="Tea & [b]茶[/b]",
        )
        request = replace(request, **changed)
        reply = self.ask(merchant_id, lambda client: client.pay(request))
        assert reply.code == "SUCCESS"
        return request.charge_code

    def ask(self, merchant_id: str, question: Callable[[GatewayClient], Awaitable[Any]]) -> Any:
        """Ask the sandbox as a merchant."""
        return asyncio.run(_ask(load_merchant(self.merchants / f"{merchant_id}.toml"), question))

    def spoil(self, **settings: Any) -> None:
        """Let something go wrong from now on."""
        body = json.dumps(settings).encode()
        urlopen(Request(f"{self.address}/admin/faults", data=body, method="POST")).close()


async def _ask(merchant: Merchant, question: Callable[[GatewayClient], Awaitable[Any]]) -> Any:
    engine = make_engine("httpcore")
    try:
        return await question(GatewayClient(merchant, engine))
    finally:
        await engine.aclose()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run one sandbox for all tests of this folder."""
    folder = tmp_path_factory.mktemp("shop")
    merchants, port = folder / "merchants", folder / "port"
    merchants.mkdir()
    _write(merchants, "http://127.0.0.1:1")
    settings = {"MERCHANTS_DIRECTORY": merchants, "PORT": 0, "PORT_FILE": port}
    environment = {f"PAYBUS_SANDBOX_{name}": str(value) for name, value in settings.items()}
    with PythonProcess("paybus.sandbox", environment, folder / "log") as sandbox:
        address = f"http://127.0.0.1:{sandbox.await_port(port)}"
        _write(merchants, address)
        yield Shop(address, merchants)


@pytest.fixture
def shop(running: Shop, monkeypatch: pytest.MonkeyPatch, paybus: object) -> Shop:
    """Give the sandbox as it is when nothing goes wrong, and let commands find its merchants."""
    running.spoil()
    monkeypatch.setenv("PAYBUS_MERCHANTS_DIRECTORY", str(running.merchants))
    return running


def _write(directory: Path, address: str) -> None:
    for merchant_id, own in OWN.items():
        (directory / f"{merchant_id}.toml").write_text(
            f'key = "{KEY}-{merchant_id}"\nbase_url = "{address}/openGateway/openService/"\n'
            f'write_off_url = "{address}/openGateway/verifyService/"\n'
            f'oper_id = "oper01"\ndev_id = "dev01"\n{own}'
        )
