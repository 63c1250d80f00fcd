"""The gateway of a measured run: the sandbox as a process, and its books."""

from collections import Counter
import json
from pathlib import Path
from types import TracebackType
from typing import Self
import urllib.request

from tests.process import PythonProcess

MERCHANT_ID = "0010000001"
MERCHANT_KEY = "TESTKEY0123456789ABCDEFGHIJKLMNO"


class Gateway:
    """A sandbox with empty books. It looks for no duplicates: a second call is a second charge."""

    merchant_id = MERCHANT_ID
    merchant_key = MERCHANT_KEY

    def __init__(self, folder: Path, *, latency_ms: int) -> None:
        """Start it; every pay takes *latency_ms* there."""
        self.merchants = folder / "merchants"
        self.merchants.mkdir()
        self._write_merchant("http://127.0.0.1:1/")
        port_file = folder / "sandbox.port"
        settings = {
            "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(self.merchants),
            "PAYBUS_SANDBOX_PORT": "0",
            "PAYBUS_SANDBOX_PORT_FILE": str(port_file),
            "PAYBUS_SANDBOX_LATENCY_MS": str(latency_ms),
            "PAYBUS_SANDBOX_DUPLICATE_DETECTION": "false",
            "PAYBUS_SANDBOX_MAGIC": "false",
        }
        self._process = PythonProcess("paybus.sandbox", settings, folder / "sandbox.log")
        self._root = f"http://127.0.0.1:{self._process.await_port(port_file)}"
        self.base_url = f"{self._root}/openGateway/openService/"
        self._write_merchant(self.base_url)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def effects(self) -> Counter[str]:
        """Count the charges in the books, by charge code."""
        with urllib.request.urlopen(f"{self._root}/admin/books", timeout=60) as answer:
            effects = json.load(answer)["effects"]
        return Counter(effect["charge_code"] for effect in effects if effect["kind"] == "charge")

    def _write_merchant(self, base_url: str) -> None:
        text = f'key = "{MERCHANT_KEY}"\nbase_url = "{base_url}"\noper_id = "oper01"\ndev_id = "dev01"\n'
        (self.merchants / f"{MERCHANT_ID}.toml").write_text(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()
