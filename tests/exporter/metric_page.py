"""The list of metrics in docs/metrics.md, made of the metrics themselves.

python -m tests.exporter.metric_page    writes it anew
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
import inspect
from pathlib import Path
from pkgutil import iter_modules
import re

from prometheus_client import CollectorRegistry, Metric

from paybus.contracts.topics import Topics
from paybus.telemetry import metrics as named
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.telemetry.metrics.registry import new_registry
from paybus.telemetry.metrics.worker import RECONCILER, TrafficMetrics
from paybus.trades.operation import Kind

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
_BEGIN, _END = "<!-- made by python -m tests.exporter.metric_page -->\n", "<!-- end -->"
_HEAD = "| Metric | Type | Unit | Labels | What it says |\n|---|---|---|---|---|\n"
_UNITS = {"timestamp_seconds": "Unix time, s", "seconds": "s", "fen": "fen", "records": "records"}
_MOST_VALUES = 8  # more are told by their number
_VARYING = {"service", "version", "python", "merchant_group"}  # they say what runs here, and how it is set


def metrics() -> dict[str, list[Metric]]:
    """Give every metric that telemetry names, by the name under which Prometheus keeps it; one for each kind.

    A worker serves those of its own kind alone, and the reconciler what it may not ask.
    """
    found: defaultdict[str, list[Metric]] = defaultdict(list)
    for kind in Kind:
        for name, family in _named(_registry(kind)):
            found[name].append(family)
    reconciler = CollectorRegistry()
    TrafficMetrics(reconciler, RECONCILER)
    for name, family in _named(reconciler):
        found[name].append(family)
    return dict(sorted(found.items()))


def with_list(page: str) -> str:
    """Give *page* with its list as it should be."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = "".join(f"{_row(name, families)}\n" for name, families in metrics().items())
    return f"{before}{_BEGIN}{_HEAD}{rows}{_END}{after}"


def explained(page: str) -> dict[str, list[str]]:
    """Give the cells of the rows that explain metrics, by metric: those outside of the list."""
    before, _, rest = page.partition(_BEGIN)
    rows = re.findall(r"^\| `(paybus_\w+)` \|(.+)\|$", before + rest.partition(_END)[2], re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def _registry(kind: Kind) -> CollectorRegistry:
    registry = new_registry("any")
    arguments = {"registry": registry, "topics": Topics(), "kind": kind, "groups": MerchantGroups()}
    for subject in _subjects():
        subject(**{needed: arguments[needed] for needed in inspect.signature(subject).parameters})
    return registry


def _subjects() -> Iterator[type]:
    for found in iter_modules(named.__path__, f"{named.__name__}."):
        for name, subject in inspect.getmembers(import_module(found.name), inspect.isclass):
            if name.endswith("Metrics"):
                yield subject


def _named(registry: CollectorRegistry) -> Iterator[tuple[str, Metric]]:
    for family in registry.collect():
        if family.name.startswith("paybus_"):
            yield f"{family.name}_total" if family.type == "counter" else family.name, family


def _row(name: str, families: Sequence[Metric]) -> str:
    one = families[0]
    unit = next((unit for suffix, unit in _UNITS.items() if one.name.endswith(suffix)), "a number")
    return f"| `{name}` | {one.type} | {unit} | {_labels(families) or '-'} | {one.documentation} |"


def _labels(families: Sequence[Metric]) -> str:
    samples = [sample for family in families for sample in family.samples]
    values: defaultdict[str, list[str]] = defaultdict(list)
    for label, value in (pair for sample in samples for pair in sample.labels.items()):
        if label != "le" and value not in values[label]:
            values[label].append(value)
    return "; ".join(
        f"`{label}`" + ("" if label in _VARYING else f": {_list(found)}") for label, found in values.items()
    )


def _list(values: list[str]) -> str:
    return ", ".join(values) if len(values) <= _MOST_VALUES else f"{len(values)} values"


if __name__ == "__main__":
    PAGE.write_text(with_list(PAGE.read_text()))
