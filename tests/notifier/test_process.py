"""`python -m paybus.notifier` as a process, and what becomes of a callback when one is killed."""

from dataclasses import asdict
from pathlib import Path
import signal
from urllib.parse import urlsplit

import httpx
import pytest
from tests.notifier.books import asked_for, events, trade, until_sent
from tests.notifier.brokers import Kafka
from tests.notifier.house import OURS, Receiving, told
from tests.process import PythonProcess
from tests.runtime.program import program, wait_for

from paybus.ledger.pool import Pool

KILLED_BEFORE_ANSWERING = """
from functools import partial
from prometheus_client import CollectorRegistry
from paybus.gateway.merchant import Merchant
from paybus.ledger.callback import receive
from paybus.ledger.group_commit import GroupCommit
from paybus.ledger.pool import open_pool
from paybus.notifier.receiver import Receiver
from paybus.runtime.web_server import web_server
from paybus.telemetry.metrics.notifier import CallbackMetrics

async def main():
    async with open_pool({url!r}, application_name="dying") as pool:
        written = GroupCommit(partial(receive, pool))

        async def store(delivery):
            await written.submit(delivery)
            os.kill(os.getpid(), signal.SIGKILL)

        merchant = Merchant(**{merchant!r})
        receiver = Receiver({{merchant.merchant_id: merchant}}, store, CallbackMetrics(CollectorRegistry()))
        async with web_server(receiver, Settings()):
            print("ready", flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_killed_between_commit_and_answer(
    pool: Pool, receiver: Receiving, database_url: str, tmp_path: Path
) -> None:
    """The gateway hears nothing and comes again: it gets SUCCESS, and the payment is applied once."""
    await asked_for(pool)
    file = tmp_path / "port"
    text = KILLED_BEFORE_ANSWERING.format(url=database_url, merchant=asdict(OURS))
    with program(tmp_path, text, {"http_port_file": str(file)}) as process:
        wait_for(process, "ready")
        with pytest.raises(httpx.TransportError):
            await receiver.http.post(address(int(file.read_text())), content=told().body)
        assert process.wait(60) == -signal.SIGKILL
    before = await trade(pool)
    assert before["state"] == "paid"

    assert (await receiver.post(told())).text == "SUCCESS"

    assert await trade(pool) == before
    assert await events(pool) == ["trade.paid"]
    assert receiver.verdicts() == {"duplicate": 1}


async def test_a_callback_becomes_an_event(
    pool: Pool, database_url: str, broker: Kafka, tmp_path: Path
) -> None:
    """The whole service: a callback comes in, its event goes out, and SIGTERM ends it in order."""
    await asked_for(pool)
    port_file = tmp_path / "port"
    environment = {
        "PAYBUS_DATABASE_URL": database_url,
        "PAYBUS_KAFKA_BOOTSTRAP": broker.bootstrap,
        "PAYBUS_TOPIC_PREFIX": broker.topic,
        "PAYBUS_MERCHANTS_DIRECTORY": str(merchants(tmp_path)),
        "PAYBUS_HTTP_PORT_FILE": str(port_file),
        "PYTHONWARNINGS": "error",
    }
    broker.topic += ".trade.events.v1"
    with PythonProcess("paybus.notifier", environment, tmp_path / "log") as process:
        port = process.await_port(port_file)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as speaker:
            assert (await speaker.post(address(port), content=told().body)).text == "SUCCESS"
            await until_sent(pool)
            base = f"http://127.0.0.1:{port}"
            assert (await speaker.get(f"{base}/live")).status_code == 200
            assert (await speaker.get(f"{base}/ready")).json() == {"status": "ok"}
            assert (
                'paybus_callbacks_total{verdict="applied"} 1.0' in (await speaker.get(f"{base}/metrics")).text
            )
            assert (await speaker.get(f"{base}/callback")).status_code == 404
        assert process.stop() == 0, process.log
    (record,) = await broker.records()
    assert dict(record.headers)["ce_type"] == b"trade.paid"
    assert record.value == await pool.fetchval("SELECT value FROM event")
    assert OURS.key not in process.log


def address(port: int) -> str:
    """Give where the gateway would send the callback to."""
    return f"http://127.0.0.1:{port}/callbacks/{OURS.merchant_id}?{urlsplit(told().url).query}"


def merchants(folder: Path) -> Path:
    """Write a directory of merchants."""
    directory = folder / "merchants"
    directory.mkdir()
    (directory / f"{OURS.merchant_id}.toml").write_text(
        f'key = "{OURS.key}"\nbase_url = "{OURS.base_url}"\noper_id = "oper01"\ndev_id = "dev01"\n'
    )
    return directory
