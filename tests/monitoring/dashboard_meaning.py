"""What every dashboard asks for and leads to: each rule takes all of them, by the name of their file."""

from collections.abc import Iterator
from functools import cache
import json
import re
from typing import Any

from tests.exporter.metric_page import PAGE, explained
from tests.monitoring.dashboard_shape import Boards, everywhere
from tests.monitoring.expressions import (
    OF_TARGETS,
    RULES,
    VARYING,
    Selector,
    bare_names,
    grouping_labels,
    known_labels,
    selectors,
    without_matchers,
)
import yaml

OF_GRAFANA = {"__rate_interval", "__range", "__from", "__to"}
"""Variables that every dashboard has."""
WITH_EXEMPLARS = {"paybus_gateway_call_duration_seconds", "paybus_command_age_seconds"}
"""Histograms whose buckets lead to traces."""
NOT_SHOWN: dict[str, str] = {}
"""Metrics that are on no dashboard, and why."""

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def asks_for_what_is_served(boards: Boards) -> Iterator[str]:
    """Every metric, label and value that is asked for stands on the page of a service, or is recorded."""
    known = known_labels()
    for where, expression in expressions(boards):
        yield from (f"{where}: {name} without a selector" for name in bare_names(expression))
        asked = selectors(expression)
        for selector in asked:
            if selector.name not in known:
                yield f"{where}: nobody serves {selector.name}"
            else:
                yield from (f"{where}: {fault}" for fault in _unknown(selector, known[selector.name]))
        labels = {label for one in asked for label in known.get(one.name, ())} | OF_TARGETS
        yield from (f"{where}: no label {label}" for label in grouping_labels(expression) - labels)


def names_series_by_their_labels(boards: Boards) -> Iterator[str]:
    """Legends have the labels by which the query adds up: any other is empty."""
    for where, panel in everywhere(boards):
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
            kept = grouping_labels(target["expr"])
            yield from (f"{where}: the legend has {label}" for label in named - kept)


def takes_the_time_that_is_shown(boards: Boards) -> Iterator[str]:
    """Rates follow the resolution, sums the time shown: a window of its own is too short or too long."""
    for where, expression in expressions(boards):
        for function, window in re.findall(r"(\w+)\(\w+\[([^]]*)\]", without_matchers(expression)):
            if window != ("$__rate_interval" if function == "rate" else "$__range"):
                yield f"{where}: {function} over {window}"


def shows_every_metric(boards: Boards) -> Iterator[str]:
    """Nobody looks at a metric that no dashboard shows: it is on a list with a reason."""
    asked = {selector.name for _, expression in expressions(boards) for selector in selectors(expression)}
    for metric in explained(PAGE.read_text()):
        series = {metric, *(f"{metric}_{end}" for end in ("bucket", "count", "sum"))}
        if bool(series & asked) == (metric in NOT_SHOWN):
            yield f"{metric} is on no dashboard, or on the list for no reason"


def has_its_variables(boards: Boards) -> Iterator[str]:
    """Every variable in a query or a link is there, and every one that is there is used."""
    for name, board in boards.items():
        defined = {variable["name"] for variable in board["templating"]["list"]}
        used = set(_VARIABLE.findall(json.dumps([board["panels"], board["links"]]))) - OF_GRAFANA
        yield from (f"{name}: ${one} is not there, or for nothing" for one in used ^ defined)


def leads_somewhere(boards: Boards) -> Iterator[str]:
    """Links lead to a dashboard that there is, or to the runbook of an alert that there is."""
    uids = {board["uid"] for board in boards.values()}
    tags = {tag for board in boards.values() for tag in board["tags"]}
    for name, link in _links(boards):
        url = link.get("url") or ""
        if link["type"] == "dashboards":
            known = set(link["tags"]) <= tags
        elif url.startswith("/d/"):
            known = url.removeprefix("/d/") in uids
        elif url.startswith("${docs}/operations.md"):
            known = url.partition("#")[2] in {"", *_runbooks()}
        else:
            known = url.startswith("/explore?")
        if not known:
            yield f"{name}: {link['title']} leads to {url}"


def leads_from_times_to_traces(boards: Boards) -> Iterator[str]:
    """Panels of such a histogram ask for exemplars, and their points lead to the traces of that time."""
    for where, panel in everywhere(boards):
        first = selectors(panel["targets"][0]["expr"])
        asked = {selector.name.removesuffix("_bucket") for selector in first}
        if panel["type"] in {"timeseries", "heatmap"} and asked & WITH_EXEMPLARS:
            links = panel["fieldConfig"]["defaults"]["links"]
            exemplars = any(target.get("exemplar") for target in panel["targets"])
            if not exemplars or not any(link["url"].startswith("/explore?") for link in links):
                yield f"{where}: no exemplars, or no way to the traces"


def expressions(boards: Boards) -> Iterator[tuple[str, str]]:
    """Give every expression with the words by which a fault names it."""
    for where, panel in everywhere(boards):
        yield from ((where, target["expr"]) for target in panel["targets"])


def _unknown(selector: Selector, labels: dict[str, set[str]]) -> Iterator[str]:
    if not any(label == "namespace" and "$namespace" in value for label, _, value in selector.matchers):
        yield f"{selector.name} of all namespaces"
    for label, operator, value in selector.matchers:
        if label in OF_TARGETS or "$" in value or (label in labels and label in VARYING):
            known = label in labels or label in OF_TARGETS
        else:
            asked = value.split("|") if "~" in operator else [value]
            known = set(asked) <= labels.get(label, set())
        if not known:
            yield f"{selector.name} has no {label}={value}"


def _links(boards: Boards) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, board in boards.items():
        yield from ((name, link) for link in board["links"])
    for where, panel in everywhere(boards):
        both = (*panel["links"], *panel["fieldConfig"]["defaults"]["links"])
        yield from ((where, link) for link in both)


@cache
def _runbooks() -> set[str]:
    files = [yaml.safe_load(file.read_text()) for file in RULES.glob("*.yaml")]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return {rule["alert"].lower() for rule in rules if "alert" in rule}


MEANINGS = (
    asks_for_what_is_served,
    names_series_by_their_labels,
    takes_the_time_that_is_shown,
    shows_every_metric,
    has_its_variables,
    leads_somewhere,
    leads_from_times_to_traces,
)
