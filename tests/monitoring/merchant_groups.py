"""Figures by groups of merchants: on dashboards, and in unit tests of rules as if there were two."""

from collections.abc import Iterator
from functools import cache
import re
from typing import Any

from tests.monitoring.dashboard_shape import Boards, everywhere
from tests.monitoring.expressions import Selector, known_labels, selectors
import yaml

LABEL = "merchant_group"
CHOOSING = ("paybus-payments.json", "paybus-gateway.json")
"""Dashboards where a group can be chosen."""
_NAME = re.compile(r"^(\w+)(?:\{(.*)\})?$")
_NUMBER = re.compile(r"(?<![x\d.])\d+(?:\.\d+)?")  # behind an x is how often
_OLDEST = "paybus_unknown_oldest_seconds"
"""The one figure of which the whole is the greatest, and not the sum."""


@cache
def by_group() -> frozenset[str]:
    """Name every series that comes by groups of merchants."""
    return frozenset(name for name, labels in known_labels().items() if LABEL in labels)


def lets_groups_be_chosen(boards: Boards) -> Iterator[str]:
    """Payments and Gateway ask which groups, several or all of them, of those that there are."""
    for name in CHOOSING:
        asked = [one for one in boards[name]["templating"]["list"] if one["name"] == LABEL]
        whole = [
            one for one in asked if one["multi"] and one["includeAll"] and one["current"]["text"] == "All"
        ]
        metrics = [re.fullmatch(rf"label_values\((\w+), {LABEL}\)", one["query"]) for one in whole]
        if not any(found and found[1] in by_group() for found in metrics):
            yield f"{name}: no choice of groups"


def narrows_what_knows_the_group(boards: Boards) -> Iterator[str]:
    """There every figure that comes by groups is of those that were chosen."""
    for where, panel in _where_groups_are_chosen(boards):
        for one in (one for target in panel["targets"] for one in selectors(target["expr"])):
            if one.name in by_group() and not _is_narrowed(one):
                yield f"{where}: {one.name} of all groups"


def says_what_is_of_all_merchants(boards: Boards) -> Iterator[str]:
    """There a panel with a figure that does not follow the choice says that it is of all merchants."""
    for where, panel in _where_groups_are_chosen(boards):
        narrowed = [any(map(_is_narrowed, selectors(target["expr"]))) for target in panel["targets"]]
        if all(narrowed) == ("all merchants" in panel["description"]):
            yield f"{where}: whose figures are these?"


def in_two_groups(text: str) -> str:
    """Give a file of unit tests with two series, which make the whole, in place of each that has groups."""
    document = yaml.safe_load(text)
    for test in document["tests"]:
        test["input_series"] = [half for one in test["input_series"] for half in _halves(one)]
    return yaml.safe_dump(document, allow_unicode=True)


def _halves(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = _NAME.match(one["series"])
    assert found, one
    name, labels = found[1], found[2] or ""
    if name not in by_group() or LABEL in labels:
        yield one
        return
    values = (
        one["values"]
        if name == _OLDEST
        else _NUMBER.sub(lambda seen: f"{float(seen[0]) / 2:g}", one["values"])
    )
    for group in ("retail", "other"):
        own = ",".join(filter(None, (labels, f'{LABEL}="{group}"')))
        yield {"series": f"{name}{{{own}}}", "values": values}


def _where_groups_are_chosen(boards: Boards) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from everywhere({name: boards[name] for name in CHOOSING})


def _is_narrowed(selector: Selector) -> bool:
    return (LABEL, "=~", f"${LABEL}") in selector.matchers


OF_GROUPS = (lets_groups_be_chosen, narrows_what_knows_the_group, says_what_is_of_all_merchants)
