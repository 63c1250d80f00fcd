"""Paybus as a contender: the pay process, the notifier and a PostgreSQL that syncs to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path

from confluent_kafka import Message
from tests.bench.accounting import cpu_seconds, tree_cpu_seconds
from tests.bench.contenders import Contender, Running
from tests.bench.peers.job import Job
from tests.bench.topics import Command
from tests.process import PythonProcess

from paybus.contracts.topics import Topics
from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

_ANSWERS = frozenset({Happening.TRADE_PAID.value, Happening.TRADE_DECLINED.value})
_TOPICS = Topics("")  # each run puts a prefix of its own before these names


def command(job: Job, code: str, number: int) -> Command:
    """Give the same barcode payment as the others get, as a command of ours."""
    value = {
        "merchant_id": job.merchant_id,
        "charge_code": code,
        "method": "barcode",
        "amount_fen": 100 + number % 900,
        "auth_code": f"28{number:016}",
        "subject": "Tea",
    }
    return code, json.dumps(value).encode(), []


def answer_of(message: Message) -> str | None:
    """Give the charge code of a final answer."""
    headers = dict(message.headers() or [])
    return (message.key() or b"").decode() if headers.get("ce_type", b"").decode() in _ANSWERS else None


@contextmanager
def start(job: Job, folder: Path) -> Iterator[Running]:
    """Start everything a pay needs, with every promise kept: fsync on, events through the outbox."""
    prefix = job.commands.removesuffix(_TOPICS.commands(Kind.PAY))
    with EmbeddedPostgres(folder / "postgres") as postgres:
        url = postgres.create_database("paybus")
        migrate(url)
        settings = {
            "PAYBUS_DATABASE_URL": url,
            "PAYBUS_KAFKA_BOOTSTRAP": job.bootstrap,
            "PAYBUS_TOPIC_PREFIX": prefix,
            "PAYBUS_MERCHANTS_DIRECTORY": str(folder / "merchants"),
        }
        with (
            PythonProcess(
                "paybus.notifier", _with_port(settings, folder, "notifier"), folder / "notifier.log"
            ) as notifier,
            PythonProcess("paybus.pay", _with_port(settings, folder, "pay"), folder / "pay.log") as worker,
        ):
            notifier.await_port(folder / "notifier.port")
            worker.await_port(folder / "pay.port")
            yield Running(
                worker,
                {
                    "PostgreSQL": lambda: tree_cpu_seconds(postgres.pid),
                    "notifier": lambda: cpu_seconds(notifier.pid),
                },
            )


def _with_port(settings: dict[str, str], folder: Path, name: str) -> dict[str, str]:
    return {**settings, "PAYBUS_HTTP_PORT_FILE": str(folder / f"{name}.port")}


PAYBUS = Contender(
    name="Paybus",
    note="every command durable before its offset, one effect each, answered through an outbox",
    commands=_TOPICS.commands(Kind.PAY).removeprefix("."),
    results=_TOPICS.trade_events.removeprefix("."),
    start=start,
    command=command,
    answer_of=answer_of,
    group=lambda job: job.commands,
)
