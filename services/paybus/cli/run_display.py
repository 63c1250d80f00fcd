"""What a person sees of a run while it goes on, and in the end."""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from paybus.cli.reconciliation.finding import PROMISES, Finding
from paybus.cli.reconciliation.report import Figures, Report
from paybus.cli.terminal import out, passing
from paybus.cli.traffic.drive import Moment

MOST_PLACES: Final = 5
"""Places shown of each broken promise: the first ones lead to the cause, the rest repeat it."""


class LiveDisplay:
    """Bars on stderr while a run goes on."""

    def __init__(self, commands: int) -> None:
        self._commands = commands
        self._progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=passing,
        )
        self._tasks = {
            name: self._progress.add_task(name, total=None, start=False)
            for name in ("commands sent", "answered", "effects at the gateway", "unknown")
        }

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, part: str) -> None:
        """Say that a part of the system is ready."""
        self._progress.console.print(f"[green]●[/] {part}")

    def show(self, moment: Moment) -> None:
        """Show how far the run is."""
        unknown = sum(moment.stock.open.get(state, 0) for state in ("unknown", "pending"))
        figures = {
            "commands sent": (moment.sent, moment.planned),
            "answered": (moment.answered, self._commands),
            "effects at the gateway": (moment.stock.effects, None),
            "unknown": (unknown, None),
        }
        for name, (completed, total) in figures.items():
            self._progress.start_task(self._tasks[name])
            self._progress.update(self._tasks[name], completed=completed, total=total)


def print_report(report: Report, title: str) -> None:
    """Print the figures, every promise with what it was judged by, and the first places where one broke."""
    out.print(_figures_table(report.figures, title))
    out.print(_promises_table(report.findings))
    for finding in report.findings:
        _print_places(finding)


def _figures_table(figures: Figures, title: str) -> Table:
    table = Table(title=title, show_header=False, title_justify="left")
    rows = {
        "commands": f"{figures.commands} in {figures.records} records, {figures.repeats} of them repeats",
        "effects at the gateway": _listed(figures.effects),
        "events": f"{sum(figures.events.values())}: {_listed(figures.events)}",
        "duplicates answered again": str(figures.answered_again),
        "callbacks": _listed(figures.callbacks),
        "dead letters": str(figures.dead_letters),
        "answered": str(figures.answered),
        "still open": _listed(figures.open) or "none",
        "double effects": str(figures.double_effects),
        "lost": str(figures.lost),
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _promises_table(findings: tuple[Finding, ...]) -> Table:
    table = Table("", "promise", "", "compared")
    for finding in findings:
        verdict = "[green]held[/]" if finding.held else f"[red]violated {len(finding.violations)} times[/]"
        table.add_row(finding.invariant, PROMISES[finding.invariant], verdict, finding.compared)
    return table


def _print_places(finding: Finding) -> None:
    for violation in finding.violations[:MOST_PLACES]:
        out.print(f"{finding.invariant} {violation.where}: {violation.sentence}", markup=False)
    if (more := len(finding.violations) - MOST_PLACES) > 0:
        out.print(f"{finding.invariant} ... and {more} more")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
