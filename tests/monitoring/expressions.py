"""What an expression asks for, and what there is: on pages of services, recorded, and Prometheus's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
import re

from prometheus_client import CollectorRegistry, ProcessCollector
from tests.exporter.metric_page import metrics
import yaml

RULES = Path(__file__).parents[2] / "deploy" / "helm" / "paybus" / "rules"
OF_TARGETS = frozenset({"namespace", "job", "instance"})
"""Labels that Prometheus puts on everything that it reads."""
OF_PROMETHEUS = ("up", "scrape_duration_seconds")
VARYING = frozenset({"service", "version", "python"})
"""Labels whose values are what runs."""

RATE_SECONDS = 20
"""The exporter reads every 5 s: a window of other seconds shows its pace and not that of payments."""

_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|=|!=|!~)"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|ignoring|group_left) ?\(([^)]*)\)")
_NAMES = re.compile(r"\b(paybus_\w+|process_\w+)")


@dataclass(frozen=True, slots=True)
class Selector:
    """The series that an expression asks for: a name, and (label, operator, value) each."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]


def selectors(expression: str) -> list[Selector]:
    """Give every selector; one without braces is not one of ours, see `bare_names`."""
    return [
        Selector(name, tuple(_MATCHER.findall(matchers))) for name, matchers in _SELECTOR.findall(expression)
    ]


def with_all_values(expression: str, *, range_seconds: int = 60) -> str:
    """Give the expression as Grafana sends it where nothing was chosen, in a range of so many seconds."""
    windows = {"__range": f"{range_seconds}s", "__rate_interval": f"{RATE_SECONDS}s"}
    return re.sub(r"\$(\w+)", lambda found: windows.get(found[1], ".*"), expression)


def without_matchers(expression: str) -> str:
    """Give the expression with nothing but names in the place of its selectors."""
    return _SELECTOR.sub(r"\1", expression)


def bare_names(expression: str) -> list[str]:
    """Give the metrics that are asked for without a selector, so in every namespace there is."""
    return _NAMES.findall(_SELECTOR.sub("", expression))


def grouping_labels(expression: str) -> set[str]:
    """Give the labels by which is added up or joined."""
    lists = _GROUPING.findall(expression)
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}


@cache
def known_labels() -> Mapping[str, Mapping[str, set[str]]]:
    """Give every series there is by name, with its labels and the values each may have."""
    return {**dict(_served()), **dict(_recorded()), **{name: {} for name in OF_PROMETHEUS}}


def _served() -> Iterator[tuple[str, dict[str, set[str]]]]:
    found: dict[str, dict[str, set[str]]] = {}
    process = CollectorRegistry()
    ProcessCollector(registry=process)
    families = [family for kinds in metrics().values() for family in kinds]
    for family in [*families, *process.collect()]:
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    yield from found.items()


def _recorded() -> Iterator[tuple[str, dict[str, set[str]]]]:
    served = dict(_served())
    for file in RULES.glob("*.yaml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    yield rule["record"], _level(rule, served)


def _level(rule: Mapping[str, str], served: Mapping[str, Mapping[str, set[str]]]) -> dict[str, set[str]]:
    """Give the labels that a recorded series keeps, with the values that those it is made of have."""
    kept = grouping_labels(rule["expr"]) - OF_TARGETS
    names = set(re.findall(r"\bpaybus_\w+", rule["expr"])) & served.keys()
    level = rule["record"].partition(":")[0]
    return {
        label: {value for name in names for value in served[name].get(label, ())}
        for label in kept
        if label in level
    }
