"""`python -m paybus.exporter` as a process of its own."""

from collections.abc import Mapping
from pathlib import Path
import signal
import subprocess
import sys
import time

from aiokafka import AIOKafkaProducer
import httpx
import pytest
from tests.exporter.figures import PATIENCE_SECONDS, Figures
from tests.exporter.test_records import CODES, call
from tests.runtime.program import environment, finish, lines

from paybus.contracts.topics import Topics
from paybus.exporter.settings import ExporterSettings


def exporter(settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start it, with warnings as errors."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "paybus.exporter"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(settings),
    )


def scrape_until_ready(process: subprocess.Popen[str], port_file: Path) -> Figures:
    """Give the figures of the first moment in which it is ready."""
    until = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until and process.poll() is None:
            if port_file.exists():
                url = f"http://127.0.0.1:{port_file.read_text()}"
                if client.get(f"{url}/ready").status_code == 200:
                    return Figures(client.get(f"{url}/metrics").text)
            time.sleep(0.05)
    process.kill()
    raise AssertionError(finish(process))


async def test_it_serves_its_figures_and_stops_in_order(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    """Ready means that the figures are there; SIGTERM is an orderly end, and the log holds no password."""
    for _ in range(3):
        await producer.send_and_wait(topics.gateway_calls, call())
    url = settings.database_url.get_secret_value().replace("postgres@", "postgres:verysecret@", 1)
    told = {
        "database_url": url,
        "kafka_bootstrap": settings.kafka_bootstrap,
        "topic_prefix": topics.prefix,
        "http_port_file": str(tmp_path / "port"),
    }
    with exporter(told) as process:
        figures = scrape_until_ready(process, tmp_path / "port")
        process.send_signal(signal.SIGTERM)
        code, printed, complained = finish(process)
    assert figures.series(CODES) == {("pay", "SUCCESS"): 3}
    assert figures("process_open_fds") > 0
    assert (code, printed) == (0, [])
    events = [line["event"] for line in lines(complained)]
    assert events[0] == "service.started"
    assert events[-2:] == ["service.stopping", "service.stopped"]
    assert set(events[1:-2]) <= {"exporter.source_is_away", "exporter.source_is_back"}  # Kafka's first group
    assert "verysecret" in url
    assert "verysecret" not in complained


@pytest.mark.parametrize("missing", ["database_url", "kafka_bootstrap"])
def test_it_says_what_it_must_be_told(missing: str) -> None:
    """Without the ledger's or the brokers' address it ends with code 2 and one sentence."""
    told = {"database_url": "postgresql://db/paybus", "kafka_bootstrap": "kafka:9092"}
    del told[missing]
    with exporter(told) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (2, [])
    assert complained.startswith(f"PAYBUS_{missing.upper()} is missing: write ")
    assert complained.count("\n") == 1
