"""Figures that Prometheus shows, beside what they should be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time

from rich.console import Console
from rich.table import Table
from tests.monitoring.prometheus import Prometheus

PATIENCE_SECONDS = 45.0  # the exporter looks every 5 s, Prometheus every second; machines are shared

Values = dict[str, float]
"""Values by the labels of series, joined with blanks in the order of their names; one without has none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One query, and what it should give and gave."""

    moment: str
    query: str
    expected: Values
    seen: Values


class Comparison:
    """Asks a Prometheus until it shows what is expected, or until patience ends; keeps all that it saw."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus
        self.figures: list[Figure] = []

    def expect(self, moment: str, query: str, expected: Mapping[str, float] | float) -> None:
        """Hold the result of *query* against *expected*; what is 0 may be left out."""
        self.follow(moment, query, lambda: expected)

    def follow(self, moment: str, query: str, truth: Callable[[], Mapping[str, float] | float]) -> None:
        """Hold the result of *query* against a *truth* that still moves, and is looked at again each time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            wanted, seen = _values(truth()), self.ask(query)
            if seen == wanted or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self.figures.append(Figure(moment, query, wanted, seen))

    def ask(self, query: str) -> Values:
        """Give the values of *query* now, without those that are 0 but for a single one."""
        result = self._prometheus.get("/api/v1/query", query=query)["data"]["result"]
        values = {
            " ".join(value for _, value in sorted(one["metric"].items())): float(one["value"][1])
            for one in result
        }
        return values if set(values) <= {""} else {labels: value for labels, value in values.items() if value}

    def show(self) -> None:
        """Print the table of all figures."""
        table = Table("when", "query", "expected", "seen", title="What Prometheus shows")
        for one in self.figures:
            table.add_row(one.moment, one.query, _text(one.expected), _text(one.seen))
        Console(width=110).print(table)


def _values(expected: Mapping[str, float] | float) -> Values:
    return dict(expected) if isinstance(expected, Mapping) else {"": float(expected)}


def _text(values: Values) -> str:
    return "\n".join(f"{labels} {value:g}".strip() for labels, value in sorted(values.items())) or "-"
