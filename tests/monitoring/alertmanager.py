"""A real Alertmanager on loopback with our example's routes, and a webhook that keeps what it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from pathlib import Path
import socket
import subprocess
import threading
import time
from typing import Any
import urllib.error
import urllib.request

from tests.monitoring.rule_files import ROOT
import yaml

CONFIG = ROOT / "deploy" / "alertmanager.yaml"
START_SECONDS = 30.0  # a second alone; machines are shared


class Sink:
    """Keeps the alerts that reach each receiver, by the receiver's name."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def alerts(self, receiver: str, name: str) -> list[dict[str, Any]]:
        """Give what *receiver* was told of the alert called *name*, oldest first."""
        return [one for to, one in self.told if to == receiver and one["labels"]["alertname"] == name]

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.extend((body["receiver"], alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: the test's output is for what it found."""

        return Handler


class Alertmanager:
    """A running Alertmanager: its address, and what it makes of alerts."""

    def __init__(self, port: int) -> None:
        self.target = f"127.0.0.1:{port}"

    def state(self, name: str) -> set[str]:
        """Give what it does with the alerts called *name*: active (told) or suppressed (not told)."""
        with urllib.request.urlopen(f"http://{self.target}/api/v2/alerts", timeout=30) as answer:
            alerts = json.load(answer)
        return {one["status"]["state"] for one in alerts if one["labels"]["alertname"] == name}

    def is_ready(self) -> bool:
        """Ask whether it serves."""
        try:
            with urllib.request.urlopen(f"http://{self.target}/-/ready", timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def alertmanager(program: str, folder: Path, sink: Sink) -> Iterator[Alertmanager]:
    """Run *program* with the example's routes at once, and *sink* in place of its receivers."""
    config = folder / "alertmanager.yml"
    config.write_text(yaml.safe_dump(_hasty(sink.address)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        running = Alertmanager(free.getsockname()[1])
    command = [program, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address={running.target}", "--cluster.listen-address=", "--log.level=warn"]
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not running.is_ready():
            assert process.poll() is None, (folder / "alertmanager.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield running
    finally:
        process.terminate()
        process.wait()


def _hasty(sink: str) -> dict[str, Any]:
    """Give the example with waits of a second, and the sink as the only address."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    (ours,) = config["route"]["routes"]
    for route in ours["routes"]:
        route |= {"group_wait": "1s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        for webhook in receiver.get("webhook_configs", ()):
            webhook["url"] = sink
    return config
