"""The shape of a dashboard: each rule takes all of them, by the name of their file, and tells faults."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import combinations
import json
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap, prometheus

Boards = Mapping[str, dict[str, Any]]

COLUMNS = 24
UNITS = {"short", "s", "ops", "percentunit", "bytes", "currency:¥"}
"""Those of Grafana's that are used; it shows a unit that it does not know as text behind the figure."""
KINDS = {"timeseries", "stat", "bargauge", "table", "heatmap"}
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}

_ENUMS: Mapping[str, type[StrEnum]] = {
    "options.legend.displayMode": kinds.LegendDisplayMode,
    "options.legend.placement": kinds.LegendPlacement,
    "options.tooltip.mode": kinds.TooltipDisplayMode,
    "options.tooltip.sort": kinds.SortOrder,
    "options.color.mode": heatmap.HeatmapColorMode,
    "options.orientation": kinds.VizOrientation,
    "options.displayMode": kinds.BarGaugeDisplayMode,
    "options.valueMode": kinds.BarGaugeValueMode,
    "options.colorMode": kinds.BigValueColorMode,
    "options.graphMode": kinds.BigValueGraphMode,
    "options.justifyMode": kinds.BigValueJustifyMode,
    "options.textMode": kinds.BigValueTextMode,
    "options.cellHeight": kinds.TableCellHeight,
    "options.yAxis.axisPlacement": kinds.AxisPlacement,
    "fieldConfig.defaults.color.mode": model.FieldColorModeId,
    "fieldConfig.defaults.thresholds.mode": model.ThresholdsMode,
    "fieldConfig.defaults.custom.thresholdsStyle.mode": kinds.GraphThresholdsStyleMode,
    "fieldConfig.defaults.custom.stacking.mode": kinds.StackingMode,
    "fieldConfig.defaults.custom.showPoints": kinds.VisibilityMode,
}


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what is drawn: everything but the headings of rows."""
    yield from (panel for panel in board["panels"] if panel["type"] != "row")


def everywhere(boards: Boards) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every panel with the words by which a fault names it."""
    for name, board in boards.items():
        for panel in panels(board):
            yield f"{name}: {panel.get('title')}", panel


def is_what_the_library_knows(boards: Boards) -> Iterator[str]:
    """Whatever Grafana's library does not know is lost when it reads a dashboard and writes it again."""
    register_default_plugins()
    for name, board in boards.items():
        if json.loads(JSONEncoder().encode(model.Dashboard.from_json(board))) != board:
            yield f"{name}: the library reads it as something else"


def has_known_choices(boards: Boards) -> Iterator[str]:
    """Kinds, units and modes that Grafana does not have are passed over by it in silence."""
    for where, panel in everywhere(boards):
        if panel["type"] not in KINDS:
            yield f"{where}: kind {panel['type']}"
        if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield f"{where}: unit"
        for path, choices in _ENUMS.items():
            chosen = _at(panel, path)
            if chosen is not None and chosen not in set(choices):
                yield f"{where}: {path} {chosen}"
        formats = {target.get("format") for target in panel["targets"]}
        if not formats <= set(prometheus.PromQueryFormat):
            yield f"{where}: format"


def lies_on_the_grid(boards: Boards) -> Iterator[str]:
    """Panels lie within the columns, cover nothing of each other, and leave no holes in a line."""
    for name, board in boards.items():
        places = [panel["gridPos"] for panel in board["panels"]]
        for one, other in combinations(places, 2):
            if _overlap(one, other):
                yield f"{name}: {one} covers {other}"
        for place in places:
            if place["w"] < 1 or place["h"] < 1 or place["x"] < 0 or place["x"] + place["w"] > COLUMNS:
                yield f"{name}: {place} is not on the grid"
        for line in {place["y"] for place in places}:
            if sum(place["w"] for place in places if place["y"] == line) != COLUMNS:
                yield f"{name}: line {line} is not full"


def has_names_of_its_own(boards: Boards) -> Iterator[str]:
    """Ids of panels, uids, titles: what is there twice is overwritten by Grafana, or confuses people."""
    for what in ("uid", "title"):
        found = [board[what] for board in boards.values()]
        if len(set(found)) < len(found):
            yield f"{what} is there twice"
    for name, board in boards.items():
        if name != f"{board['uid']}.json":
            yield f"{name}: the file is not called by its uid"
        ids = [panel["id"] for panel in board["panels"]]
        if len(set(ids)) < len(ids) or 0 in ids:
            yield f"{name}: ids are there twice, or 0"
        titles = [(panel["type"], panel["title"]) for panel in panels(board)]
        if len(set(titles)) < len(titles):
            yield f"{name}: titles are there twice"


def speaks_to_people(boards: Boards) -> Iterator[str]:
    """Each panel says what it shows and what to do, from 0 on, and what it means when it shows nothing."""
    for where, panel in everywhere(boards):
        defaults = panel["fieldConfig"]["defaults"]
        if not panel.get("title") or not panel.get("description", "").endswith("."):
            yield f"{where}: no title or no description"
        if defaults.get("min") != 0 or not defaults.get("noValue"):
            yield f"{where}: no least value, or nothing to say without data"
        if panel["type"] == "timeseries" and not panel["options"]["legend"]["showLegend"]:
            yield f"{where}: no legend"
        if not all(target.get("legendFormat") for target in panel["targets"]):
            yield f"{where}: a series without name"


def asks_the_chosen_source(boards: Boards) -> Iterator[str]:
    """Panels, queries and variables ask the Prometheus that the reader has chosen, none by its own name."""
    for where, panel in everywhere(boards):
        if any(one.get("datasource") != PROMETHEUS for one in (panel, *panel["targets"])):
            yield f"{where}: another source"
    for name, board in boards.items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query" and variable.get("datasource") != PROMETHEUS:
                yield f"{name}: ${variable['name']} asks another source"


def _at(panel: Mapping[str, Any], path: str) -> Any:
    found: Any = panel
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


RULES = (
    is_what_the_library_knows,
    has_known_choices,
    lies_on_the_grid,
    has_names_of_its_own,
    speaks_to_people,
    asks_the_chosen_source,
)
