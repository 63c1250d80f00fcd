"""Who takes part, and how each is started."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
import json
from pathlib import Path

from confluent_kafka import Message
from tests.bench.peers.job import Job
from tests.bench.topics import Command
from tests.process import PythonProcess


@dataclass(frozen=True)
class Running:
    """A contender at work: its pay process, and the processor time of what else it needs, by name."""

    worker: PythonProcess
    others: dict[str, Callable[[], float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """`most` commands are enough to measure it: the slow ones would take minutes; nothing is extrapolated."""

    name: str
    note: str
    most: int = 1_000_000
    commands: str = "commands"  # its topics, behind a prefix of the run's
    results: str = "results"
    start: Callable[[Job, Path], AbstractContextManager[Running]]
    command: Callable[[Job, str, int], Command]
    answer_of: Callable[[Message], str | None]
    group: Callable[[Job], str] = lambda job: job.group


def plain_command(_job: Job, code: str, number: int) -> Command:
    """Give a barcode payment of a few yuan."""
    command = {
        "charge_code": code,
        "amount_fen": 100 + number % 900,
        "auth_code": f"28{number:016}",
        "subject": "Tea",
    }
    return code, json.dumps(command).encode(), []


def peer(module: str, **environment: str) -> Callable[[Job, Path], AbstractContextManager[Running]]:
    """Start one of tests/bench/peers as a process."""

    @contextmanager
    def start(job: Job, folder: Path) -> Iterator[Running]:
        variables = job.to_environment() | environment
        with PythonProcess(f"tests.bench.peers.{module}", variables, folder / f"{module}.log") as worker:
            yield Running(worker)

    return start


def code_in_result(message: Message) -> str | None:
    """Read the charge code from a peer's result."""
    return str(json.loads(message.value() or b"{}")["charge_code"])


PEERS = (
    Contender(
        name="FastStream",
        note="defaults, pydantic, httpx; one at a time, at most once",
        most=200,
        start=peer("faststream_default"),
        command=plain_command,
        answer_of=code_in_result,
    ),
    Contender(
        name="FastStream x 200",
        note="the same with max_workers=200; at most once, no order",
        most=2000,
        start=peer("faststream_default", BENCH_MAX_WORKERS="200"),
        command=plain_command,
        answer_of=code_in_result,
    ),
    Contender(
        name="aiokafka + aiohttp",
        note="400 at once, auto-commit; nothing durable, no order",
        start=peer("aiokafka_aiohttp"),
        command=plain_command,
        answer_of=code_in_result,
    ),
)
