"""The whole system as processes, on a broker and a database of the test's: started, killed and looked at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
import json
from pathlib import Path
import time
from typing import Any
import urllib.error
import urllib.request

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, Producer, TopicPartition
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from tests.process import PythonProcess

from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind

MERCHANT = "0010000001"
KEY = "TESTKEY0123456789ABCDEFGHIJKLMNO"
PATIENCE_SECONDS = 90.0  # what takes this long has failed; nothing is measured with it

QUICK = {
    "PAYBUS_HEARTBEAT_SECONDS": "0.3",
    "PAYBUS_FENCE_SECONDS": "1",
    "PAYBUS_LEASE_SECONDS": "1.5",
    "PAYBUS_QUERY_LAG_SECONDS": "0.5",
    "PAYBUS_GATEWAY_CONNECT_SECONDS": "0.5",
    "PAYBUS_GRACE_SECONDS": "10",
}
"""The same rules at a pace at which tests need not wait."""


class System:
    """Services by name. Each test has its own topics (by prefix), database and sandbox.

    *pace* is what every service is told; an empty one leaves it the settings that it has by itself.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bootstrap: str,
        prefix: str,
        database_url: str,
        pace: Mapping[str, str] = QUICK,
    ) -> None:
        self.topics = Topics(prefix)
        self.bootstrap = bootstrap
        self.database_url = database_url
        self._folder = folder
        self._pace = pace
        self._processes: dict[str, PythonProcess] = {}
        self._port_files: dict[str, Path] = {}
        self.merchants = folder / "merchants"
        self.merchants.mkdir()
        self._write_merchant(1)

    def start_sandbox(self, **settings: object) -> None:
        """Start the gateway's stand-in; it does not look for duplicates unless told so."""
        wanted = {"duplicate_detection": False, **settings}
        variables = {f"PAYBUS_SANDBOX_{name.upper()}": str(value) for name, value in wanted.items()}
        self._start("sandbox", "sandbox", variables)
        self._write_merchant(self.port("sandbox"))

    def start(self, name: str, service: str | None = None, **settings: object) -> PythonProcess:
        """Start *service* (by default the one called *name*); commands are not sent before it is there."""
        return self._start(
            name, service or name, {f"PAYBUS_{key.upper()}": str(value) for key, value in settings.items()}
        )

    def command(self, *arguments: str) -> str:
        """Carry out a `paybus` command, and give what it printed."""
        log = self._folder / f"{'-'.join(arguments[:2])}.log"
        process = PythonProcess("paybus.cli", self._environment(), log, arguments=arguments)
        assert process.await_end() == 0, process.log
        return process.log

    def lose_gateway(self) -> None:
        """Have the merchant's file say that the gateway is where nobody listens."""
        self._write_merchant(1)

    def find_gateway(self) -> None:
        """Have it say where the sandbox is."""
        self._write_merchant(self.port("sandbox"))

    def process(self, name: str) -> PythonProcess:
        """Give a running service."""
        return self._processes[name]

    def get(self, name: str, path: str) -> Any:
        """Give the JSON at *path* of a service."""
        with urllib.request.urlopen(f"{self.address(name)}{path}", timeout=30) as answer:
            return json.load(answer)

    def is_ready(self, name: str) -> bool:
        """Ask a service whether it is ready."""
        try:
            self.get(name, "/ready")
        except urllib.error.HTTPError as error:
            return error.code != 503
        return True

    def metric(self, name: str, sample: str) -> float:
        """Give a sample of a service's metrics, such as `name_total{label="value"}`; 0 if it has none."""
        with urllib.request.urlopen(f"{self.address(name)}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{sample} "))

    def post(self, name: str, path: str, body: object = None) -> None:
        """POST *body* as JSON to *path* of a service."""
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address(name)}{path}", data, method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def port(self, name: str) -> int:
        """Give the port of a service when it listens."""
        return self._processes[name].await_port(self._port_files[name])

    def address(self, name: str) -> str:
        """Give the URL of a service's HTTP server when it listens."""
        return f"http://127.0.0.1:{self.port(name)}"

    def send(self, kind: Kind, commands: Iterable[dict[str, Any]], *, partition: int | None = None) -> None:
        """Publish commands and return when the broker has them."""
        records = [(command["charge_code"].encode(), json.dumps(command).encode()) for command in commands]
        self.send_raw(self.topics.commands(kind), records, partition=partition)

    def send_raw(
        self,
        topic: str,
        records: Sequence[tuple[bytes | None, bytes | None]],
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        """Publish records as they are, when every service is there."""
        for name in self._processes:
            self.port(name)
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "log_level": 0})
        place = {} if partition is None else {"partition": partition}
        for key, value in records:
            producer.produce(topic, value, key=key, headers=list(headers), **place)
        assert producer.flush(60) == 0, "the broker did not take the records"

    def records(self, topic: str, *, until: Callable[[list[Message]], bool]) -> list[Message]:
        """Read *topic* from its beginning until what was read is enough."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "reader",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        seen: list[Message] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not until(seen):
            assert time.monotonic() < deadline, f"only {len(seen)} records on {topic}: {self.state()}"
            seen += [message for message in consumer.consume(500, timeout=0.1) if not message.error()]
        consumer.close()
        return seen

    def committed(self, kind: Kind) -> int:
        """Count the records of a command topic up to the offsets that its workers have committed."""
        topic = self.topics.commands(kind)
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": topic, "log_level": 0})
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        wanted = [TopicPartition(topic, number) for number in partitions]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                places = consumer.committed(wanted, timeout=5)
            except KafkaException:  # a broker that has just started does not know its groups yet
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                consumer.close()
                return sum(max(place.offset, 0) for place in places)

    def query(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Ask the ledger."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[call-overload]

    def count(self, rows: str) -> int:
        """Count rows of the ledger: *rows* is a table, and a condition if need be."""
        return int(self.query(f"SELECT count(*) AS n FROM {rows}")[0]["n"])  # noqa: S608 -- the test's own words

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Let nobody else read or write *table* while the block runs: who needs it waits up to 10 s."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table))
            )
            yield

    @property
    def answered(self) -> int:
        """How many operations have their final answer."""
        return self.count("operation WHERE answered_at IS NOT NULL")

    def await_answers(self, count: int) -> None:
        """Return when *count* operations have their final answer."""
        self.until(lambda: self.answered >= count)

    def until(self, condition: Callable[[], bool]) -> None:
        """Return when *condition* holds; fails with the system's state when it never does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.state()
            for process in self._processes.values():
                process.check()
            time.sleep(0.05)

    def state(self) -> str:
        """Say how far operations are, and the end of each log."""
        rows = self.query("SELECT kind, state, count(*) FROM operation GROUP BY 1, 2")
        logs = "\n".join(f"--- {name}\n{process.log[-1500:]}" for name, process in self._processes.items())
        return f"{rows}\n{logs}"

    def effects(self, kind: str) -> Counter[str]:
        """Count the effects of one kind in the gateway's books, by charge code or refund number."""
        name = "refund_number" if kind == "refund" else "charge_code"
        return Counter(
            one[name] for one in self.get("sandbox", "/admin/books")["effects"] if one["kind"] == kind
        )

    def kill(self, name: str) -> None:
        """Kill a service with -9."""
        self._processes.pop(name).kill()

    def forget(self, name: str) -> None:
        """Take a service that has ended off the list."""
        del self._processes[name]

    def stop(self) -> dict[str, int]:
        """Stop every service that runs, the last started first; give their exit codes."""
        codes = {name: process.stop() for name, process in reversed(self._processes.items())}
        self._processes.clear()
        return codes

    def _start(self, name: str, service: str, variables: dict[str, str]) -> PythonProcess:
        port_file = self._folder / f"{name}.port"
        port_file.unlink(missing_ok=True)
        environment = {
            **self._environment(),
            "PAYBUS_HTTP_PORT_FILE": str(port_file),
            "PAYBUS_SANDBOX_MERCHANTS_DIRECTORY": str(self.merchants),
            "PAYBUS_SANDBOX_PORT": "0",
            "PAYBUS_SANDBOX_PORT_FILE": str(port_file),
            **variables,
        }
        process = PythonProcess(f"paybus.{service}", environment, self._folder / f"{name}.log")
        self._processes[name], self._port_files[name] = process, port_file
        return process

    def _environment(self) -> dict[str, str]:
        return {
            **self._pace,
            "PAYBUS_DATABASE_URL": self.database_url,
            "PAYBUS_KAFKA_BOOTSTRAP": self.bootstrap,
            "PAYBUS_TOPIC_PREFIX": self.topics.prefix,
            "PAYBUS_MERCHANTS_DIRECTORY": str(self.merchants),
        }

    def _write_merchant(self, port: int) -> None:
        text = (
            f'key = "{KEY}"\nbase_url = "http://127.0.0.1:{port}/openGateway/openService/"\n'
            'oper_id = "oper01"\ndev_id = "dev01"\n'
        )
        (self.merchants / f"{MERCHANT}.toml").write_text(text)


def barcode(number: int, *, code: str = "C", amount_fen: int | None = None) -> dict[str, Any]:
    """Make a barcode pay of some yuan."""
    return {
        "merchant_id": MERCHANT,
        "charge_code": f"{code}{number:05}",
        "method": "barcode",
        "amount_fen": 100 + number % 900 if amount_fen is None else amount_fen,
        "subject": "Tea",
        "auth_code": f"28{number:016}",
    }


def refund(charge_code: str, number: int, amount_fen: int) -> dict[str, Any]:
    """Make a refund."""
    return {
        "merchant_id": MERCHANT,
        "charge_code": charge_code,
        "out_refund_no": f"R{number:05}",
        "amount_fen": amount_fen,
        "subject": "Returned",
    }


def cancel(charge_code: str) -> dict[str, Any]:
    """Make a cancel."""
    return {"merchant_id": MERCHANT, "charge_code": charge_code}
