"""A Kafka-protocol broker for demos and tests: librdkafka's mock cluster, in a process of its own.

    python -m paybus.runtime.embedded_broker --topics paybus.pay.commands.v1:12,other:3 --port-file FILE

It prints its bootstrap address and ends on SIGTERM. It is not Apache Kafka:

* memory only; a partition keeps 5 MiB of batches (as sent, so compressed) or 100 000 batches, and drops older
  ones silently: a consumer that falls behind loses records without an error. More partitions, more room;
* a second aiokafka member of one group is often refused (`InvalidRequestError`): one consumer a group;
* a member that rejoins waits for the old session: keep `session_timeout_ms` at 2 to 6 s;
* transactions are not isolated, offsets in them not stored; no compaction, no retention, no topic settings;
* no admin requests (topics are made at the start; others appear on use, with 4 partitions);
  `offsets_for_times` is always None, a produce answer's timestamp always 1234;
* the port cannot be chosen: the cluster binds what the kernel gives, and its one setting only changes the
  address it advertises.

Nothing about durability, lag or rebalances is to be measured or asserted on it.
"""

import argparse
from collections.abc import Mapping, Sequence
import ctypes
import importlib
import importlib.util
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time
from types import TracebackType
from typing import Self

START_SECONDS = 20.0  # 0.2 s when warm; a cold disk and a busy machine have taken 3 s
STOP_SECONDS = 5.0
MAX_PARTITIONS = 1000  # tried with one topic; far above what 5 MiB each would be useful for
_ERROR_BYTES = 512
_PRODUCER = 0
_POINTER, _TEXT, _INTEGER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_SIGNATURES: Mapping[str, tuple[object, list[object]]] = {
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_conf_set": (_INTEGER, [_POINTER, _TEXT, _TEXT, _TEXT, ctypes.c_size_t]),
    "rd_kafka_new": (_POINTER, [_INTEGER, _POINTER, _TEXT, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, _INTEGER]),
    "rd_kafka_mock_cluster_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_bootstraps": (_TEXT, [_POINTER]),
    "rd_kafka_mock_topic_create": (_INTEGER, [_POINTER, _TEXT, _INTEGER, _INTEGER]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, ctypes.c_int32]),
}


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker could not be started."""


class EmbeddedBroker:
    """The broker as a child process; as a context manager it ends with the block.

    `topics` gives the number of partitions of each topic. The child is in a session of its own, so a Ctrl-C
    in the terminal reaches its owner first, who stops the services before the broker.
    """

    def __init__(self, topics: Mapping[str, int]) -> None:
        """Remember the topics; nothing is started yet."""
        self._topics = dict(topics)
        self._process: subprocess.Popen[bytes] | None = None
        self._bootstrap: str | None = None

    def start(self, *, timeout_seconds: float = START_SECONDS) -> str:
        """Return the bootstrap address (`127.0.0.1:port`) when the broker listens on it.

        Raises EmbeddedBrokerError when the child exits (with its words) or the time is over.
        """
        topics = ",".join(f"{name}:{partitions}" for name, partitions in self._topics.items())
        with tempfile.TemporaryDirectory(prefix="paybus-broker-") as folder:
            address, errors = Path(folder, "address"), Path(folder, "errors")
            command = [sys.executable, "-m", __name__, "--topics", topics, "--port-file", str(address)]
            with errors.open("wb") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            self._await_file(address, errors, time.monotonic() + timeout_seconds)
            self._bootstrap = address.read_text()
        return self._bootstrap

    @property
    def bootstrap(self) -> str:
        """The address given by `start`; raises EmbeddedBrokerError before it."""
        if self._bootstrap is None:
            raise EmbeddedBrokerError("the embedded broker has not been started")
        return self._bootstrap

    @property
    def pid(self) -> int:
        """The child's process id; raises EmbeddedBrokerError when it does not run."""
        if self._process is None:
            raise EmbeddedBrokerError("the embedded broker does not run")
        return self._process.pid

    def stop(self) -> None:
        """End the child, with SIGKILL if it does not go by itself; no effect when none runs."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = self._bootstrap = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _await_file(self, address: Path, errors: Path, deadline: float) -> None:
        while not address.exists():
            exited = self._process is None or self._process.poll() is not None
            if exited or time.monotonic() > deadline:
                self.stop()
                problem = "exited" if exited else "is not ready in time"
                raise EmbeddedBrokerError(f"the embedded broker {problem}: {errors.read_text().strip()}")
            time.sleep(0.01)


class MockCluster:
    """librdkafka's mock cluster in this process; ends with `close`."""

    def __init__(self, topics: Mapping[str, int]) -> None:
        """Start one broker with *topics*; raises EmbeddedBrokerError with librdkafka's words."""
        self._library = _library()
        self._client = self._new_client()
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        # the first member of a group is served at once instead of after 3 s
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        for name, partitions in topics.items():
            if self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1):
                raise EmbeddedBrokerError(f"topic {name!r} with {partitions} partitions was refused")

    @property
    def bootstrap(self) -> str:
        """Host and port, as a client's `bootstrap_servers`."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()

    def close(self) -> None:
        """Free the cluster and its client."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)

    def _new_client(self) -> int:
        words = ctypes.create_string_buffer(_ERROR_BYTES)
        settings = self._library.rd_kafka_conf_new()
        # the client itself never connects (port 1 answers nobody); level 2 keeps it silent about that
        for name, value in ((b"bootstrap.servers", b"127.0.0.1:1"), (b"log_level", b"2")):
            self._library.rd_kafka_conf_set(settings, name, value, words, _ERROR_BYTES)
        client: int | None = self._library.rd_kafka_new(_PRODUCER, settings, words, _ERROR_BYTES)
        if client is None:
            raise EmbeddedBrokerError(f"librdkafka: {words.value.decode(errors='replace')}")
        return client


def topics_of(text: str) -> dict[str, int]:
    """Read `name:partitions,name:partitions`; raises ValueError for anything else."""
    topics: dict[str, int] = {}
    for item in filter(None, text.split(",")):
        name, colon, partitions = item.rpartition(":")
        if not (colon and name and partitions.isdecimal() and 1 <= int(partitions) <= MAX_PARTITIONS):
            raise ValueError(f"{item!r} is not name:partitions with 1 to {MAX_PARTITIONS} partitions")
        topics[name] = int(partitions)
    return topics


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the broker until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m paybus.runtime.embedded_broker")
    parser.add_argument("--topics", default="", metavar="NAME:PARTITIONS,...")
    parser.add_argument("--port-file", type=Path, help="written with the address when it is ready")
    parser.add_argument("--port", help="not possible: the mock cluster binds what the kernel gives")
    options = parser.parse_args(arguments)
    if options.port is not None:
        parser.error("the mock cluster cannot be given a port; read the address from --port-file")
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before librdkafka's threads start, who inherit it
    try:
        cluster = MockCluster(topics_of(options.topics))
    except (ValueError, EmbeddedBrokerError) as error:
        sys.exit(str(error))
    _announce(cluster.bootstrap, options.port_file)
    signal.sigwait(signals)
    cluster.close()


def _announce(address: str, file: Path | None) -> None:
    if file is not None:
        whole = file.with_name(f"{file.name}.new")
        whole.write_text(address)
        whole.rename(file)  # whoever waits for the file never sees half an address
    print(address, flush=True)  # noqa: T201 -- this program's one line of output


def _library() -> ctypes.CDLL:
    """Load the librdkafka inside the confluent-kafka wheel; its extension module leads the loader to it."""
    if importlib.util.find_spec("confluent_kafka") is None:
        raise EmbeddedBrokerError(
            "no embedded broker: install paybus[embedded] or set PAYBUS_KAFKA_BOOTSTRAP"
        )
    path = importlib.import_module("confluent_kafka.cimpl").__file__
    library = ctypes.CDLL(path)
    for name, (result, parameters) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    return library


if __name__ == "__main__":
    main()
