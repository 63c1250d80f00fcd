"""Ten minutes of everything at once, judged by the gateway's books: `python -m tests.soak --help`.

It starts a throw-away system: Apache Kafka (ten minutes at 200 commands a second are more than the 5 MiB that
the embedded broker keeps of a partition), PostgreSQL with fsync, the sandbox without duplicate detection, and
every service twice, with the settings that they have by themselves.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path
from random import Random
import signal
import sys
import tempfile

from rich.console import Console
from tests.bench.accounting import cpu_seconds, tree_cpu_seconds
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka
from tests.kafka.jars import KafkaUnavailableError
from tests.process import ProcessEndedError
from tests.soak.crew import Crew
from tests.soak.memory import course_of
from tests.soak.play import Play, Run, Wishes
from tests.soak.table import show
from tests.soak.verdict import judge
from tests.soak.weather import SANDBOX

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres

PARTITIONS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Give 0 only if nothing happened twice, was lost, wrong or left open, and memory stayed flat."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = _options(arguments)
    wishes = Wishes(
        seed=options.seed, rate=options.rate, seconds=options.minutes * 60, kill_seconds=options.kill_seconds
    )
    with tempfile.TemporaryDirectory(prefix="paybus-soak-", ignore_cleanup_errors=True) as name:
        try:
            return _soak(Path(name), wishes)
        except* (KafkaUnavailableError, ProcessEndedError) as errors:
            sys.exit(f"the soak stopped: {errors.exceptions[0]}")


def _soak(folder: Path, wishes: Wishes) -> int:
    with (
        EmbeddedPostgres(folder / "postgres") as postgres,
        ApacheKafka(folder / "kafka", heap="512m") as kafka,
    ):
        url = postgres.create_database("paybus")
        migrate(url)
        system = System(folder, bootstrap=kafka.bootstrap, prefix="soak", database_url=url, pace={})
        kafka.create_topics(dict.fromkeys(system.topics.all(), PARTITIONS))
        crew = Crew(system, system.merchants, Random(wishes.seed))
        try:
            system.start_sandbox(seed=wishes.seed, **SANDBOX)
            _favour(system.process("sandbox").pid)
            crew.start()
            costs = {
                "PostgreSQL": lambda: tree_cpu_seconds(postgres.pid),
                "Kafka": lambda: cpu_seconds(kafka.pid),
                "order services": lambda: cpu_seconds(os.getpid()),
            }
            play = Play(system=system, crew=crew, wishes=wishes, costs=costs, told=Console(stderr=True).print)
            return _report(asyncio.run(play.run()), crew)
        finally:
            system.stop()


def _favour(pid: int) -> None:
    """Let the gateway have processor time before all others: a real one is not on the machine under test.

    Without the right to, it takes its turn with the rest; then commands time out on a busy machine.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, -5)
        Path(f"/proc/{pid}/autogroup").write_text("-10")  # Linux: each session has a share of its own


def _report(run: Run, crew: Crew) -> int:
    courses = {name: course for name, samples in crew.samples.items() if (course := course_of(samples))}
    ours = {name: course for name, course in courses.items() if name != "sandbox"}
    verdict = judge(run.evidence, run.settled, ours)
    show(verdict, run, crew, courses)
    return 1 if verdict.problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=200.0, help="records a second")
    parser.add_argument("--kill-seconds", type=float, default=45.0, help="from one kill -9 to the next")
    parser.add_argument("--seed", type=int, default=1, help="the same seed asks for the same")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
