"""How long work waits for somebody else when its worker is killed: `python -m tests.bench.recovery --help`.

A pay worker is killed with -9 when a third of the commands is answered; another one, which ran already or is
started at that moment, takes over. Everything has the settings that it has by itself, the ledger syncs to
disk, and the gateway looks for no duplicates: to pay twice would be two charges.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from statistics import median
import sys
import tempfile

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tests.bench.recovery.measurement import ALL_ANSWERED_SECONDS, FIRST_CALL_SECONDS, Recovery, measure
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka
from tests.kafka.jars import KafkaUnavailableError

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres

PARTITIONS = 12

OpenSystem = Callable[[], AbstractContextManager[System]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill `--repeats` times with the other running, and as often with it started then."""
    options = _options(arguments)
    runs: dict[str, list[Recovery]] = {"runs already": [], "is started then": []}
    with tempfile.TemporaryDirectory(prefix="paybus-recovery-") as name, _stores(Path(name)) as open_system:
        for _ in range(options.repeats):
            for other, done in runs.items():
                with open_system() as system:
                    done.append(measure(system, options.commands, standby=other == "runs already"))
    _show(runs, options.commands)
    return 0 if all(run.is_in_time for done in runs.values() for run in done) else 1


def _show(runs: Mapping[str, Sequence[Recovery]], commands: int) -> None:
    table = Table(
        title=f"killed with -9 when a third of {commands} commands was answered",
        box=SIMPLE,
        caption="seconds from the kill, least / median / most; doubles and lost by the gateway's books",
    )
    table.add_column("the other worker", no_wrap=True)
    for heading in (
        "runs",
        "left by the dead",
        f"first call <= {FIRST_CALL_SECONDS:g}",
        f"all answered <= {ALL_ANSWERED_SECONDS:g}",
        "doubles",
        "lost",
        "",
    ):
        table.add_column(heading, justify="right")
    for other, done in runs.items():
        table.add_row(other, str(len(done)), *_cells(done))
    Console(soft_wrap=True).print(table)


def _cells(done: Sequence[Recovery]) -> list[str]:
    return [
        _spread([float(run.left) for run in done], digits=0),
        _spread([run.first_call_seconds for run in done]),
        _spread([run.all_answered_seconds for run in done]),
        str(sum(run.doubles for run in done)),
        str(sum(run.lost for run in done)),
        "met" if all(run.is_in_time for run in done) else "MISSED",
    ]


def _spread(values: Sequence[float], *, digits: int = 2) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))


@contextmanager
def _stores(folder: Path) -> Iterator[OpenSystem]:
    """Run Kafka and PostgreSQL, and give what opens a new system on them each time."""
    with (
        EmbeddedPostgres(folder / "postgres") as postgres,
        ApacheKafka(folder / "kafka", heap="512m") as kafka,
    ):
        numbers = count(1)

        @contextmanager
        def open_system() -> Iterator[System]:
            name = f"recovery{next(numbers)}"
            (folder / name).mkdir()
            url = postgres.create_database(name)
            migrate(url)
            system = System(folder / name, bootstrap=kafka.bootstrap, prefix=name, database_url=url, pace={})
            kafka.create_topics(dict.fromkeys(system.topics.all(), PARTITIONS))
            try:
                yield system
            finally:
                system.stop()

        yield open_system


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.recovery", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--commands", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KafkaUnavailableError as error:
        sys.exit(f"the measurement stopped: {error}")
