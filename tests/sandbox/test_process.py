"""The sandbox as a process: settings, port file, signals."""

import asyncio
from pathlib import Path
import signal
import subprocess
import sys
import time

import httpx
import pytest

from paybus.gateway.signature import sign

MERCHANT_FILE = """
key = "TESTKEY0123456789ABCDEFGHIJKLMNO"
base_url = "http://127.0.0.1:1/openGateway/openService/"
oper_id = "oper01"
dev_id = "dev01"
"""


@pytest.fixture
def merchants(tmp_path: Path) -> Path:
    """Give a directory with one merchant."""
    directory = tmp_path / "merchants"
    directory.mkdir()
    (directory / "0010000001.toml").write_text(MERCHANT_FILE)
    return directory


def start(**settings: object) -> subprocess.Popen[str]:
    """Start a sandbox with PAYBUS_SANDBOX_* settings."""
    environment = {f"PAYBUS_SANDBOX_{name}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "paybus.sandbox"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_every_wrong_setting_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Code 2, one line for each, before anything is opened."""
    process = start(PORT="many", LATENCY_MS=-1, COLOUR="red", MERCHANTS_DIRECTORY=tmp_path / "none")
    _output, errors = process.communicate()
    assert process.returncode == 2
    lines = errors.splitlines()
    assert [line.split(" ")[0].rstrip(":") for line in lines] == [
        "PAYBUS_SANDBOX_COLOUR",
        "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY",
        "PAYBUS_SANDBOX_PORT",
        "PAYBUS_SANDBOX_LATENCY_MS",
    ]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY is missing"),
        ({"MERCHANTS_DIRECTORY": "tests"}, "there is no merchant file"),
    ],
)
def test_a_sandbox_without_merchants_does_not_start(settings: dict[str, str], sentence: str) -> None:
    """Nobody could sign a request."""
    process = start(**settings)
    _output, errors = process.communicate()
    assert process.returncode == 2
    assert sentence in errors


async def test_a_sandbox_serves_and_ends_at_once(tmp_path: Path, merchants: Path) -> None:
    """The port file names the port; SIGTERM ends it with code 0 although a call waits."""
    file = tmp_path / "port"
    process = start(MERCHANTS_DIRECTORY=merchants, PORT=0, PORT_FILE=file, QUERY_LATENCY_MS=600_000)
    while not file.exists():
        assert process.poll() is None
        await asyncio.sleep(0.01)
    address = f"http://127.0.0.1:{file.read_text().strip()}"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{address}/admin/health")).status_code == 200
        waiting = asyncio.create_task(http.get(_query(address), timeout=None))
        while (await http.get(f"{address}/admin/books")).json()["requests"] != {"query": 1}:
            pass
        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.RemoteProtocolError):
            await waiting
    assert await asyncio.to_thread(process.wait) == 0
    output, errors = process.communicate()
    assert "sandbox.serving" in output
    assert errors == ""


def _query(address: str) -> str:
    made = sign("C1", key="TESTKEY0123456789ABCDEFGHIJKLMNO", timestamp_ms=int(time.time() * 1000))
    return f"{address}/openGateway/openService/query/C1/0010000001?sign={made}"
