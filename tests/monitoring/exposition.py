"""What a rule reads: series that services expose, series that other rules record, and their labels."""

import re

from tests.monitoring.expressions import OF_TARGETS, known_labels
from tests.monitoring.rule_files import rules

_SERIES = re.compile(r"\b(?:[a-z_]+:\w+:\w+|(?:paybus_|process_)\w+|up)\b")
_SELECTED = re.compile(r"([a-z_0-9:]+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPED = re.compile(r"\b(?:by|on|group_left) \(([^)]*)\)")


def series_in(expression: str) -> set[str]:
    """Give the names of the series that *expression* reads."""
    return set(_SERIES.findall(re.sub(r'"[^"]*"', '""', expression)))


def matchers_in(expression: str) -> list[tuple[str, str, set[str]]]:
    """Give series, label and values of each matcher in *expression*; a pattern has several values."""
    return [
        (name, label, set(value.split("|") if "~" in operator else [value]))
        for name, matchers in _SELECTED.findall(expression)
        for label, operator, value in _MATCHER.findall(matchers)
    ]


def grouped_in(expression: str) -> set[str]:
    """Give the labels by which *expression* adds up or joins."""
    return {
        label.strip() for one in _GROUPED.findall(expression) for label in one.split(",") if label.strip()
    }


def values_of(name: str, label: str) -> set[str]:
    """Give the values that a label of a series may have; none if it has not that label."""
    below = [series for rule in rules() if rule.record == name for series in series_in(rule.expr)]
    if below:
        return set().union(*(values_of(series, label) for series in below))
    return set(known_labels()[name].get(label, ()))


def has_label(name: str, label: str) -> bool:
    """Say whether a series may have *label*."""
    return label in OF_TARGETS or bool(values_of(name, label))
