"""The figures as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
import json
from pathlib import Path
from statistics import median

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tests.bench.measurement import Measurement


def show(measurements: Sequence[Measurement], notes: Mapping[str, str], title: str) -> None:
    """Print one line a contender: medians over its repeats, sums of what must be zero."""
    table = Table(
        title=title,
        box=SIMPLE,
        caption="CPU: microseconds a command; doubles and lost: by the gateway's books",
    )
    table.add_column("contender", no_wrap=True)
    for name in ("n", "a second", "CPU", "besides", "doubles", "lost", "open"):
        table.add_column(name, justify="right")
    console = Console()
    seen = {contender: [run for run in measurements if run.contender == contender] for contender in notes}
    for contender, runs in seen.items():
        if runs:
            table.add_row(*_row(contender, runs))
    console.print(table)
    for contender, runs in seen.items():
        if runs:
            besides = ", ".join(f"{name} {micros:.0f}" for name, micros in _besides(runs).items())
            parts = f" (besides: {besides})" if besides else ""
            console.print(f"{contender}: {notes[contender]}{parts}", style="dim", highlight=False)


def write_json(measurements: Sequence[Measurement], path: Path, *, settings: Mapping[str, object]) -> None:
    """Write every run with its settings, so that another machine's can be laid beside it."""
    runs = [
        asdict(run)
        | {"commands_per_second": run.rate, "worker_cpu_micros": run.micros(run.worker_cpu_seconds)}
        for run in measurements
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"settings": dict(settings), "runs": runs}, indent=2) + "\n")


def _besides(runs: Sequence[Measurement]) -> dict[str, float]:
    """Give the processor microseconds a command of what else it needs: medians over the repeats."""
    return {
        name: median(run.micros(run.other_cpu_seconds[name]) for run in runs)
        for name in runs[0].other_cpu_seconds
    }


def _row(contender: str, runs: Sequence[Measurement]) -> list[str]:
    besides = sum(_besides(runs).values())
    return [
        contender,
        str(sum(run.commands for run in runs)),
        f"{median(run.rate for run in runs):.0f}",
        f"{median(run.micros(run.worker_cpu_seconds) for run in runs):.0f}",
        f"{besides:.0f}" if besides else "-",
        str(sum(run.doubles for run in runs)),
        str(sum(run.lost for run in runs)),
        str(sum(run.commands - run.answered for run in runs)),
    ]
