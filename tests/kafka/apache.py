"""A real Apache Kafka (KRaft, one node) for tests: started, killed with -9 and started again on its data."""

import base64
from collections.abc import Mapping
import os
from pathlib import Path
import signal
import socket
import subprocess
import time
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.kafka.jars import KafkaUnavailableError, resolve_jars

START_SECONDS = 90.0  # 3 s alone, 6 s after kill -9; machines are shared
STOP_SECONDS = 30.0
PORT_TRIES = 3  # between choosing a free port and binding it somebody else may take it

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "num.partitions": "4",
    "num.network.threads": "1",
    "num.io.threads": "2",
    "background.threads": "2",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "broker.session.timeout.ms": "3000",  # after kill -9 the new process waits for the old one's session
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",  # tests have no fleet that joins at once
    "group.min.session.timeout.ms": "1000",  # so that a test can lose a member without waiting 6 s
    "log.cleaner.dedupe.buffer.size": "4194304",  # the default of 128 MiB does not fit the small heap
}
_JVM = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
]  # a quick start matters, peak speed does not


class ApacheKafka:
    """One broker with its data under *folder*; as a context manager it stops with the block."""

    def __init__(self, folder: Path, *, heap: str = "256m") -> None:
        """Remember the folder; nothing is fetched or started yet."""
        self._folder = folder
        self._heap = heap
        self._ports: tuple[int, int] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients; the same after a restart."""
        assert self._ports is not None, "not started"
        return f"127.0.0.1:{self._ports[0]}"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        assert self._process is not None, "not running"
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Say whether the broker has given up by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Return when the broker answers; raises KafkaUnavailableError with the reason."""
        jars = resolve_jars()
        first = self._ports is None
        for left in reversed(range(PORT_TRIES)):
            if first:
                self._ports = free_port(), free_port()
            self._write_settings()
            if first:
                self._format(jars)
            try:
                self._launch(jars)
                break
            except KafkaUnavailableError as error:
                if not first or not left or "already in use" not in str(error):
                    raise

    def create_topics(self, topics: Mapping[str, int], *, config: Mapping[str, str] | None = None) -> None:
        """Create each topic with its number of partitions; one that exists is left alone."""
        wanted = [NewTopic(name, parts, 1, config=dict(config or {})) for name, parts in topics.items()]
        admin = self._admin()  # kept by name: when it is freed, its answers are lost
        for future in admin.create_topics(wanted, operation_timeout=20).values():
            try:
                future.result(timeout=30)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def kill(self) -> None:
        """Kill the broker with SIGKILL and wait until it has gone."""
        assert self._process is not None, "not running"
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Stop the broker in order; no effect when none runs."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _write_settings(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in self._settings().items()]
        (self._folder / "server.properties").write_text("".join(lines))

    def _settings(self) -> dict[str, str]:
        assert self._ports is not None
        broker, controller = (f"127.0.0.1:{port}" for port in self._ports)
        return {
            **_SETTINGS,
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{broker}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._folder / "data"),
        }

    def _format_options(self) -> list[str]:
        return []

    def _java(self, jars: Path, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={Path(__file__).parent / 'log4j2.properties'}"
        return ["java", *_JVM, f"-Xmx{self._heap}", logging, "-cp", f"{jars}/*", *arguments]

    def _format(self, jars: Path) -> None:
        settings = str(self._folder / "server.properties")
        cluster = ["-t", _cluster_id(), "-c", settings, "--ignore-formatted"]
        cluster += self._format_options()
        command = self._java(jars, "kafka.tools.StorageTool", "format", *cluster)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise KafkaUnavailableError(f"formatting failed: {(done.stdout + done.stderr)[-500:]}")

    def _launch(self, jars: Path) -> None:
        log = self._folder / "server.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._java(jars, "kafka.Kafka", str(self._folder / "server.properties")),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while b"Kafka Server started" not in log.read_bytes():
            exited = self._process.poll() is not None
            if exited or time.monotonic() > deadline:
                self.stop()
                end = log.read_text(errors="replace")[-2000:]
                raise KafkaUnavailableError(f"{'exited' if exited else 'not ready in time'}: {end}")
            time.sleep(0.05)
        self._admin().list_topics(timeout=deadline - time.monotonic())


def _cluster_id() -> str:
    """Make 22 characters of URL-safe base64; a leading dash would be read as an option."""
    return base64.urlsafe_b64encode(b"\x01" + os.urandom(15)).rstrip(b"=").decode()


def free_port() -> int:
    """Give a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
