"""A real Prometheus on loopback, that scrapes services which run here and works out our recording rules."""

from collections.abc import Mapping, Sequence
import json
from pathlib import Path
import socket
import subprocess
import time
from types import TracebackType
from typing import Any, Self
import urllib.error
import urllib.parse
import urllib.request

import yaml

RULES = Path(__file__).parents[2] / "deploy" / "helm" / "paybus" / "rules"
NAMESPACE = "shop"
"""What Kubernetes would call the namespace of the services."""
FLAGS = ("--enable-feature=exemplar-storage",)
START_SECONDS = 30.0  # a second alone; machines are shared


class Prometheus:
    """Scrapes *targets* (addresses by service) each second while the block runs; keeps data in *folder*."""

    def __init__(
        self, program: str, folder: Path, targets: Mapping[str, str], flags: Sequence[str] = FLAGS
    ) -> None:
        self.port = _free_port()
        self._folder = folder
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(_config(targets)))
        self._command = [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.cors.origin=.*",  # the page of the preview reads it
            "--log.level=warn",
            *flags,
        ]

    def get(self, path: str, **parameters: str) -> Any:
        """Give the JSON of a GET, of an error as well."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.address}{path}?{query}", timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def value(self, expression: str) -> list[float]:
        """Give the values of an expression now."""
        answer = self.get("/api/v1/query", query=expression)
        return [float(one["value"][1]) for one in answer["data"]["result"]]

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            log_text = (self._folder / "prometheus.log").read_text()
            assert self._process.poll() is None, log_text
            assert time.monotonic() < deadline, log_text
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/-/ready", timeout=5):
                return True
        except OSError:
            return False


def _config(targets: Mapping[str, str]) -> dict[str, Any]:
    jobs = [
        {
            "job_name": f"paybus-{service}",
            "static_configs": [
                {"targets": [address.removeprefix("http://")], "labels": {"namespace": NAMESPACE}}
            ],
        }
        for service, address in targets.items()
    ]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(file) for file in sorted(RULES.glob("*.yaml"))],
        "scrape_configs": jobs,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
