"""The rule files of the chart and their unit tests, read as data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
import re
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "helm" / "paybus" / "rules"
UNIT_TESTS = Path(__file__).parent / "rules"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, recording (`record`) or alerting (`alert`)."""

    record: str | None = None
    alert: str | None = None
    expr: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    wait: str = "0s"


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a unit test: at a time, in one world (`world` is its number), and what is expected then."""

    alert: str
    world: int
    at_seconds: int
    step_seconds: int
    fired: list[dict[str, str]]


@cache
def rules() -> list[Rule]:
    """Give every rule of the chart."""
    return [_rule(row) for path in sorted(RULES.glob("*.yaml")) for row in _rows(path)]


def alerts() -> list[Rule]:
    """Give the alerting rules."""
    return [rule for rule in rules() if rule.alert]


@cache
def looks() -> list[Look]:
    """Give every look that a unit test takes at an alert, with the labels of what is to fire."""
    return [look for path in sorted(UNIT_TESTS.glob("*.yaml")) for look in _looks(path)]


def evaluated_in_unit_tests() -> str:
    """Give the expressions that unit tests evaluate, as one text."""
    tests = [test for path in UNIT_TESTS.glob("*.yaml") for test in yaml.safe_load(path.read_text())["tests"]]
    return "\n".join(one["expr"] for test in tests for one in test.get("promql_expr_test", []))


def seconds(duration: str) -> int:
    """Read a duration as Prometheus writes it: 90s, 5m, 1h30m."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", duration))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(path.read_text())["groups"]:
        yield from group["rules"]


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(wait=row.get("for", "0s"), **{name: row[name] for name in row if name != "for"})


def _looks(path: Path) -> Iterator[Look]:
    document = yaml.safe_load(path.read_text())
    step_seconds = seconds(document["evaluation_interval"])
    for test in document["tests"]:
        for row in test.get("alert_rule_test", []):
            fired = [expected["exp_labels"] for expected in row["exp_alerts"]]
            yield Look(row["alertname"], id(test), seconds(row["eval_time"]), step_seconds, fired)
