"""What a person sees of a proof: a line after each round, and the table of all in the end."""

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE
from rich.table import Table

from paybus.cli.proof.verdict import Verdict
from paybus.cli.terminal import out

MOST_PLACES: Final = 3
"""Places shown of each broken promise: the first ones lead to the cause, the rest repeat it."""


def line_of(verdict: Verdict) -> str:
    """Say in one line what a round proved."""
    one, held = verdict.round, "held" if verdict.held else "BROKEN"
    return f"{one.title}, {', '.join(one.victims)}: {held}, quiet after {verdict.seconds:.1f} s"


def print_verdicts(verdicts: Sequence[Verdict], *, duplicate_detection: bool) -> None:
    """Print the table, who was not struck at his seam, and where promises were broken."""
    told = "on" if duplicate_detection else "off: a second call counts"
    table = Table(
        title=f"killed with -9, or frozen; duplicate detection {told}", box=SIMPLE, padding=(0, 1, 0, 0)
    )
    for heading in ("seam", "struck there", "effects", "I1-I8", "quiet"):
        table.add_column(heading, no_wrap=True)
    for verdict in verdicts:
        table.add_row(*_cells(verdict))
    out.print(table)
    for verdict in verdicts:
        for line in _complaints(verdict):
            out.print(line, markup=False)


def _complaints(verdict: Verdict) -> list[str]:
    title = verdict.round.title
    missed = [f"{title}: not reached by {name}" for name in sorted(verdict.survivors)]
    broken = [
        f"{title}: {finding.invariant} {violation.where}: {violation.sentence}"
        for finding in verdict.broken
        for violation in finding.violations[:MOST_PLACES]
    ]
    return missed + broken


def _cells(verdict: Verdict) -> list[str]:
    one, figures = verdict.round, verdict.report.figures
    broken = " ".join(finding.invariant for finding in verdict.broken)
    return [
        one.title,
        " ".join(name for name in one.victims if name not in verdict.survivors),
        str(sum(figures.effects.values())),
        broken or ("held" if verdict.reached else "UNPROVED"),
        f"{verdict.seconds:.1f}",
    ]
