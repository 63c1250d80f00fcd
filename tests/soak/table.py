"""What a person sees of a soak in the end."""

from collections import Counter
from collections.abc import Mapping

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tests.soak.crew import Crew
from tests.soak.latency import Latencies, Latency, latencies
from tests.soak.memory import Course
from tests.soak.play import Run
from tests.soak.verdict import Verdict

MOST_PLACES = 5
"""Places shown of each broken promise: the first ones lead to the cause."""


def show(verdict: Verdict, run: Run, crew: Crew, courses: Mapping[str, Course]) -> None:
    """Print what was asked and done, what it cost, and the verdict."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(_figures(verdict, run, crew))
    console.print(_costs(verdict, courses, run.cpu_seconds))
    console.print(_times(latencies(run.evidence, run.due, run.disturbed)))
    for finding in verdict.report.findings:
        for violation in finding.violations[:MOST_PLACES]:
            console.print(f"{finding.invariant} {violation.where}: {violation.sentence}", markup=False)
    for problem in verdict.problems:
        console.print(f"not passed: {problem}", markup=False)
    if not verdict.problems:
        console.print("passed: nothing twice, nothing lost, nothing wrong, nothing open, memory flat")


def _figures(verdict: Verdict, run: Run, crew: Crew) -> Table:
    figures, settled = verdict.report.figures, verdict.settled
    held = {one.invariant: "held" if one.held else "BROKEN" for one in verdict.report.findings}
    table = Table(box=SIMPLE, show_header=False, padding=(0, 1, 0, 0))
    quiet = "never" if settled.quiet_seconds is None else f"{settled.quiet_seconds:.1f} s"
    rows = {
        "records": f"{figures.records}: {_listed(Counter(one.kind for one in run.evidence.sent))};"
        f" {figures.repeats} repeats, {figures.dead_letters} dead letters,"
        f" {run.behind_seconds * 1000:.0f} ms behind the plan at most",
        "commands": f"{figures.commands}, {figures.answered} answered",
        "gateway calls": f"{len(run.evidence.calls)}; without an answer: {_listed(_unanswered(run))}",
        "effects": _listed(figures.effects),
        "events": f"{sum(figures.events.values())}: {_listed(figures.events)}",
        "callbacks": _listed(figures.callbacks),
        "killed with -9": _listed(Counter(crew.killed)) or "nobody",
        "ended themselves": _listed(Counter(crew.fallen)) or "nobody",
        "doubles": str(figures.double_effects),
        "lost": str(figures.lost),
        "wrong": str(verdict.wrong),
        "UNKNOWN": f"{settled.unknown} when the faults stopped, none after {settled.unknown_seconds:.1f} s",
        "quiet": f"{quiet} after the faults stopped; open: {_listed(figures.open) or 'none'}",
        "promises": ", ".join(f"{name} {word}" for name, word in held.items()),
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _unanswered(run: Run) -> Counter[str]:
    return Counter(call.error for call in run.evidence.calls if call.error is not None)


def _costs(verdict: Verdict, courses: Mapping[str, Course], cpu_seconds: Mapping[str, float]) -> Table:
    table = Table(
        box=SIMPLE, padding=(0, 1, 0, 0), caption="RSS of the one that was never killed; CPU of both"
    )
    table.add_column("process", no_wrap=True)
    for heading in ("CPU us/command", "start MB", "middle", "end", "MB/min", ""):
        table.add_column(heading, justify="right")
    records = verdict.report.figures.records
    for name in dict.fromkeys([*cpu_seconds, *courses]):
        cpu = f"{cpu_seconds[name] * 1e6 / records:.0f}" if name in cpu_seconds else ""
        table.add_row(name, cpu, *_memory(courses.get(name), judged=name in verdict.courses))
    return table


def _memory(course: Course | None, *, judged: bool) -> list[str]:
    if course is None:
        return []
    flat = "flat" if course.is_flat else "GROWS"
    figures = (course.start, course.middle, course.end)
    return [*(f"{mb:.1f}" for mb in figures), f"{course.slope:+.2f}", flat if judged else "(not judged)"]


def _times(took: Latencies) -> Table:
    table = Table(
        box=SIMPLE, padding=(0, 1, 0, 0), caption="from the intended send to the answer on Kafka, ms"
    )
    table.add_column("pays", no_wrap=True)
    for heading in ("n", "p50", "p99", "most"):
        table.add_column(heading, justify="right")
    rows: dict[str, Latency | None] = {
        "all, with the gateway's time": took.asked,
        "added, one call": took.added,
        "added, one call, nobody killed or away": took.calm,
    }
    for name, one in rows.items():
        cells = () if one is None else (one.count, f"{one.p50:.1f}", f"{one.p99:.1f}", f"{one.most:.0f}")
        table.add_row(name, *map(str, cells))
    return table


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
