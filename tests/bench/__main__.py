"""Paybus beside code a team would write instead: `python -m tests.bench --help`.

Everybody gets the same commands on the same Apache Kafka, sends the same signed requests to the same
gateway (the sandbox; `--latency-ms` is its time to answer), and answers on Kafka. Compare the lines of one
run with each other. Absolute figures belong to the machine, which carries all of it: the contender, Kafka,
the gateway and PostgreSQL; so commands a second are what those leave it, and its CPU is what travels.
"""

import argparse
from collections.abc import Iterator, Sequence
import os
from pathlib import Path
import sys
import tempfile

from rich.console import Console
from tests.bench.contenders import PEERS, Contender
from tests.bench.measurement import Measurement
from tests.bench.paybus_pay import PAYBUS
from tests.bench.report import show, write_json
from tests.bench.run import World, measure
from tests.bench.topics import GroupNotReadyError
from tests.kafka.apache import ApacheKafka
from tests.kafka.jars import KafkaUnavailableError
from tests.process import ProcessEndedError

CONTENDERS = (*PEERS, PAYBUS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every contender `--repeats` times, show the table and write the JSON."""
    options = _options(arguments)
    try:
        measurements = _measure_all(options)
    except (KafkaUnavailableError, ProcessEndedError, GroupNotReadyError) as error:
        sys.exit(f"the benchmark stopped: {error!r}")
    title = f"{options.latency_ms} ms gateway, {os.cpu_count()} cores"
    show(measurements, {contender.name: contender.note for contender in CONTENDERS}, title)
    write_json(measurements, options.json, settings=vars(options) | {"json": str(options.json)})
    print(f"every run: {options.json}")


def _measure_all(options: argparse.Namespace) -> list[Measurement]:
    measurements = []
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="paybus-bench-") as name:
        folder = Path(name)
        with ApacheKafka(folder / "kafka", heap="512m") as kafka:
            world = World(kafka, folder, options.latency_ms)
            for repeat, contender in _turns(options.repeats, options.only):
                console.print(f"run {repeat + 1} of {options.repeats}: {contender.name} ...")
                measurements.append(measure(contender, world, commands=options.commands, repeat=repeat))
    return measurements


def _turns(repeats: int, only: str) -> Iterator[tuple[int, Contender]]:
    """Give the contenders, every other time in reverse: none is always first or after the same."""
    chosen = [contender for contender in CONTENDERS if only.lower() in contender.name.lower()]
    for repeat in range(repeats):
        yield from ((repeat, contender) for contender in (chosen if repeat % 2 == 0 else reversed(chosen)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=int, default=5000, help="slow contenders take fewer and say so")
    parser.add_argument("--latency-ms", type=int, default=50, help="the gateway's time to answer a pay")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="contenders whose name contains it")
    parser.add_argument("--json", type=Path, default=Path(".run/bench.json"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
