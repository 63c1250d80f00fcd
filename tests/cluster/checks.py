"""What was tried, what came of it, and what could not be tried, as a table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import time

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tests.cluster.errors import ClusterError

_LONGEST_REASON = 1200

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried."""

    name: str
    verdict: str
    seconds: float
    told: str


@dataclass(slots=True)
class Checks:
    """Collects lines; a check that fails is noted, and the next one is tried."""

    title: str
    lines: list[Line] = field(default_factory=list)
    untried: dict[str, str] = field(default_factory=dict)
    _console: Console = field(default_factory=lambda: Console(width=150, highlight=False))

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(line.verdict != "ok" for line in self.lines)

    @contextmanager
    def check(self, name: str) -> Iterator[Told]:
        """Try the block, which may tell figures; ClusterError and AssertionError in it are its failure."""
        begun, verdict = time.monotonic(), "ok"
        texts: list[str] = []
        try:
            yield texts.append
        except (ClusterError, AssertionError) as error:
            verdict = "FAILED"
            texts.append((str(error) or type(error).__name__)[:_LONGEST_REASON])
        line = Line(name, verdict, time.monotonic() - begun, "; ".join(texts))
        self._console.print(f"{line.verdict:<6} {line.name}: {escape(line.told)}")
        self.lines.append(line)

    def attempt(self, everything: Callable[[], None]) -> None:
        """Run *everything*; that it could not be tried to its end is a failure like any other."""
        with self.check("the cluster itself") as told:
            everything()
            told("up and down again")

    def skip(self, name: str, reason: str) -> None:
        """Note what this machine or this cluster cannot show."""
        self.untried[name] = reason

    def report(self) -> int:
        """Print everything, and give the exit code."""
        table = Table(title=self.title, box=SIMPLE, title_justify="left", padding=(0, 1, 0, 0))
        for heading in ("tried", "", "s", "seen"):
            table.add_column(heading)
        for line in self.lines:
            table.add_row(line.name, line.verdict, f"{line.seconds:.1f}", escape(line.told))
        self._console.print(table)
        for name, reason in self.untried.items():
            self._console.print(f"not tried: {name}: {escape(reason)}")
        count = sum(line.verdict == "ok" for line in self.lines)
        self._console.print(f"{count} of {len(self.lines)} held, {len(self.untried)} not tried")
        return 1 if self.failed or not self.lines else 0
