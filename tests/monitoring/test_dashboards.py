"""The committed dashboards keep every rule, and each rule sees a dashboard that breaks it."""

from collections.abc import Callable
from copy import deepcopy
import json
from pathlib import Path
from typing import Any

from deploy.dashboards.__main__ import FOLDER
from deploy.dashboards.collection import drifted, write
from deploy.dashboards.objective import DOUBT_ALLOWED, LATE_ALLOWED
import pytest
from tests.monitoring.dashboard_meaning import MEANINGS, expressions
from tests.monitoring.dashboard_shape import RULES, Boards, panels
from tests.monitoring.expressions import RULES as ALERTS
from tests.monitoring.expressions import bare_names, selectors
from tests.monitoring.merchant_groups import OF_GROUPS

Break = Callable[[dict[str, Any], dict[str, Any]], object]
"""Changes one dashboard, or a panel of it."""

BOARDS: Boards = {file.name: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}
ALL = {rule.__name__: rule for rule in (*RULES, *MEANINGS, *OF_GROUPS)}


def _set(path: str, value: object) -> Break:
    def change(_board: dict[str, Any], panel: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        found: Any = panel
        for step in steps:
            found = found[int(step)] if step.isdigit() else found[step]
        found[last] = value

    return change


def _ask(old: str, new: str) -> Break:
    """Change the first query of the panel."""

    def change(_board: dict[str, Any], panel: dict[str, Any]) -> None:
        target = panel["targets"][0]
        assert old in target["expr"]
        target["expr"] = target["expr"].replace(old, new)

    return change


def _twice(board: dict[str, Any], panel: dict[str, Any]) -> None:
    board["panels"].append(deepcopy(panel))


def _without(metric: str) -> Break:
    """Take away every panel that shows a metric."""

    def change(board: dict[str, Any], _panel: dict[str, Any]) -> None:
        board["panels"] = [panel for panel in board["panels"] if metric not in json.dumps(panel)]

    return change


def _change_variable(name: str, **changes: object) -> Break:
    def change(board: dict[str, Any], _panel: dict[str, Any]) -> None:
        (variable,) = (one for one in board["templating"]["list"] if one["name"] == name)
        variable.update(changes)

    return change


def _without_variable(name: str) -> Break:
    def change(board: dict[str, Any], _panel: dict[str, Any]) -> None:
        board["templating"]["list"] = [one for one in board["templating"]["list"] if one["name"] != name]

    return change


# Each breaks the panel "Commands answered" of Payments: by the rule that has to see it.
BREAKS: list[tuple[str, Break]] = [
    ("is_what_the_library_knows", _set("options.legend.shown", True)),
    ("is_what_the_library_knows", _set("colour", "blue")),
    ("has_known_choices", _set("type", "graph")),
    ("has_known_choices", _set("fieldConfig.defaults.unit", "yuan")),
    ("has_known_choices", _set("options.legend.displayMode", "tabular")),
    ("has_known_choices", _set("fieldConfig.defaults.color.mode", "rainbow")),
    ("has_known_choices", _set("targets.0.format", "rows")),
    ("lies_on_the_grid", _set("gridPos.w", 25)),
    ("lies_on_the_grid", _set("gridPos.w", 7)),
    ("lies_on_the_grid", _set("gridPos.x", 1)),
    ("lies_on_the_grid", _twice),
    ("has_names_of_its_own", _twice),
    ("has_names_of_its_own", _set("id", 0)),
    ("has_names_of_its_own", lambda board, _: board.update(uid="paybus-queues")),
    ("has_names_of_its_own", lambda board, _: board.update(title="Paybus / Queues")),
    ("speaks_to_people", _set("description", "")),
    ("speaks_to_people", _set("title", "")),
    ("speaks_to_people", _set("options.legend.showLegend", False)),
    ("speaks_to_people", _set("fieldConfig.defaults.noValue", "")),
    ("speaks_to_people", _set("fieldConfig.defaults.min", -1)),
    ("speaks_to_people", _set("targets.0.legendFormat", "")),
    ("asks_the_chosen_source", _set("datasource.uid", "prometheus")),
    ("asks_the_chosen_source", _set("targets.0.datasource.uid", "P1809F7CD0C75ACF3")),
    ("asks_the_chosen_source", lambda board, _: board["templating"]["list"][2]["datasource"].update(uid="x")),
    ("asks_for_what_is_served", _ask("paybus_commands_total", "paybus_commands")),
    ("asks_for_what_is_served", _ask("kind=", "operation=")),
    ("asks_for_what_is_served", _ask("kind=", 'result="refused",kind=')),
    ("asks_for_what_is_served", _ask("kind=", 'result=~"executed|refused",kind=')),
    ("asks_for_what_is_served", _ask('namespace=~"$namespace",', "")),
    ("asks_for_what_is_served", _ask("by (result)", "by (result, merchant)")),
    ("asks_for_what_is_served", _set("targets.0.expr", "paybus_commands_total")),
    ("names_series_by_their_labels", _set("targets.0.legendFormat", "{{merchant}}")),
    ("takes_the_time_that_is_shown", _ask("$__rate_interval", "5m")),
    ("takes_the_time_that_is_shown", _ask("$__rate_interval", "$__range")),
    ("shows_every_metric", _without("paybus_commands_total")),
    ("has_its_variables", _ask("$operation", "$kind")),
    ("has_its_variables", lambda board, _: board["templating"]["list"].pop(2)),
    ("lets_groups_be_chosen", _without_variable("merchant_group")),
    ("lets_groups_be_chosen", _change_variable("merchant_group", multi=False)),
    ("lets_groups_be_chosen", _change_variable("merchant_group", includeAll=False)),
    ("lets_groups_be_chosen", _change_variable("merchant_group", query="label_values(up, merchant_group)")),
    ("narrows_what_knows_the_group", _ask(',merchant_group=~"$merchant_group"', "")),
    ("narrows_what_knows_the_group", _ask("$merchant_group", "retail")),
    ("says_what_is_of_all_merchants", _set("description", "Final answers of all merchants.")),
    ("says_what_is_of_all_merchants", _set("targets.0.expr", "vector(1)")),
    ("leads_somewhere", _set("links.0.url", "/d/paybus-other")),
    ("leads_somewhere", _set("links.0.url", "${docs}/operations.md#paybusother")),
    ("leads_somewhere", _set("links.0.url", "https://grafana.example.com/d/1")),
    ("leads_somewhere", lambda board, _: board["links"][0].update(tags=["other"])),
    ("leads_from_times_to_traces", _ask("paybus_commands_total", "paybus_command_age_seconds_bucket")),
]


@pytest.mark.parametrize("rule", ALL)
def test_the_dashboards_keep_the_rule(rule: str) -> None:
    """Nothing is wrong with the five that are committed."""
    assert len(BOARDS) == 5
    assert list(ALL[rule](BOARDS)) == []


@pytest.mark.parametrize(("rule", "change"), BREAKS)
def test_a_broken_dashboard_is_seen(rule: str, change: Break) -> None:
    """The rule says what is wrong when one panel, or its dashboard, is changed in one place."""
    boards = deepcopy(dict(BOARDS))
    board = boards["paybus-payments.json"]
    (panel,) = (one for one in panels(board) if one["title"] == "Commands answered")
    before = set(ALL[rule](boards))
    change(board, panel)
    assert set(ALL[rule](boards)) - before


def test_every_rule_is_shown_to_see_something() -> None:
    """A rule that nothing can break proves nothing."""
    assert {rule for rule, _ in BREAKS} == set(ALL)


def test_every_selector_is_found() -> None:
    """What the rules look at are all the metrics in an expression, also behind one that has no selector."""
    found = selectors('sum(rate(paybus_a_total{namespace=~"$namespace",kind="pay"}[1m])) / paybus_b')
    assert [(one.name, len(one.matchers)) for one in found] == [("paybus_a_total", 2)]
    assert bare_names('paybus_a_total{kind="pay"} / paybus_b') == ["paybus_b"]
    assert all(selectors(expression) for _, expression in expressions(BOARDS))


def test_the_objectives_are_those_of_the_alerts() -> None:
    """What a burn of 1 is on Payments is what the alerts compare with."""
    alerts = (ALERTS / "paybus-alerts.yaml").read_text()
    for ratio, allowed in (("commands_late", LATE_ALLOWED), ("attempts_in_doubt", DOUBT_ALLOWED)):
        assert f"paybus_{ratio}:ratio_rate1h > 14.4 * {allowed}\n" in alerts


def test_the_committed_files_are_what_the_code_writes(tmp_path: Path) -> None:
    """A file that was changed by hand, is missing or is one too many is named; writing mends all of it."""
    assert drifted(FOLDER) == []
    write(tmp_path)
    (tmp_path / "paybus-queues.json").write_text("{}")
    (tmp_path / "paybus-runtime.json").unlink()
    (tmp_path / "paybus-old.json").write_text("{}")
    assert drifted(tmp_path) == ["paybus-old.json", "paybus-queues.json", "paybus-runtime.json"]
    write(tmp_path)
    assert drifted(tmp_path) == []
