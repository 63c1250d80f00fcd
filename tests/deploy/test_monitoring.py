"""Rules and dashboards as the chart installs them, and where their links to the runbook lead."""

import json
from pathlib import Path

from deploy.dashboards.board import DOCS
import pytest
from tests.deploy.chart import CHART, MINIMAL, PRODUCTION, Thing, helm, refusal, render
from tests.plugins.monitors import Monitors
import yaml

SHOWN = {"rules": {"enabled": True}, "dashboards": {"enabled": True}}
PLACE = "https://wiki.example.com/team~a/docs"


def rule_groups(**monitoring: object) -> list[list[Thing]]:
    """Give what each PrometheusRule has, with these values."""
    things = render(MINIMAL, {"monitoring": SHOWN | monitoring})
    return [thing["spec"]["groups"] for thing in things if thing["kind"] == "PrometheusRule"]


def boards(**monitoring: object) -> list[Thing]:
    """Give each dashboard, with these values."""
    things = render(MINIMAL, {"monitoring": SHOWN | monitoring})
    found = [thing for thing in things if thing["metadata"]["labels"].get("grafana_dashboard") == "1"]
    return [json.loads(text) for board in found for text in board["data"].values()]


def runbooks(groups: list[list[Thing]]) -> list[str]:
    """Give the runbook of each alert."""
    rules = [rule for file in groups for group in file for rule in group["rules"]]
    return [rule["annotations"]["runbook_url"] for rule in rules if "alert" in rule]


def docs_of(board: Thing) -> str:
    """Give the value of a dashboard's variable `docs`."""
    (variable,) = (one for one in board["templating"]["list"] if one["name"] == "docs")
    return str(variable["query"])


def test_rules_and_dashboards_are_the_files_of_the_chart() -> None:
    """Every file, whole: what is tested beside the chart is what is installed."""
    files = [yaml.safe_load(path.read_text())["groups"] for path in sorted(CHART.glob("rules/*.yaml"))]
    assert sorted(rule_groups(), key=json.dumps) == sorted(files, key=json.dumps)
    drawn = [json.loads(path.read_text()) for path in sorted(CHART.glob("dashboards/*.json"))]
    assert sorted(boards(), key=json.dumps) == sorted(drawn, key=json.dumps)
    assert {docs_of(board) for board in boards()} == {DOCS}


@pytest.mark.parametrize("url", [PLACE, f"{PLACE}/"])
def test_links_to_the_runbook_lead_where_the_values_say(url: str) -> None:
    """Each alert's and each dashboard's, and nothing is left of the place that they had before."""
    before, after = runbooks(rule_groups()), runbooks(rule_groups(docsUrl=url))
    assert after == [f"{PLACE}/{one.removeprefix('docs/')}" for one in before]
    assert len(set(after)) == len(after) > 30
    shown = boards(docsUrl=url)
    assert [docs_of(board) for board in shown] == [PLACE] * len(boards())
    assert DOCS not in json.dumps(shown)


def test_nothing_but_the_links_differs() -> None:
    """The place of the documents changes no expression, no word of an alert and no panel."""
    there = json.dumps(rule_groups(docsUrl=PLACE)).replace(f'"{PLACE}/', '"docs/')
    assert there == json.dumps(rule_groups())
    assert json.dumps(boards(docsUrl=PLACE)).replace(PLACE, DOCS) == json.dumps(boards())


def test_prometheus_reads_the_rules_with_such_links(monitors: Monitors, tmp_path: Path) -> None:
    """Its own tool finds all of them in what the chart makes."""
    for number, groups in enumerate(rule_groups(docsUrl=PLACE)):
        Path(tmp_path, f"{number}.yaml").write_text(yaml.safe_dump({"groups": groups}))
    told = monitors.run(monitors.promtool, "check", "rules", *map(str, sorted(tmp_path.iterdir())))
    found = [int(line.split()[1]) for line in told.splitlines() if "rules found" in line]
    assert sum(found) == sum(len(group["rules"]) for file in rule_groups() for group in file)


@pytest.mark.parametrize(
    "url", ["wiki/docs", 'https://a"b', "https://a b", "https://a/{{ b }}", "https://a#b"]
)
def test_a_place_that_would_break_rules_or_dashboards_is_refused(url: str) -> None:
    """What is no address, or would end the text in which it stands."""
    assert "docsUrl" in refusal({"monitoring": SHOWN | {"docsUrl": url}})


@pytest.mark.parametrize("shown", SHOWN)
def test_notes_tell_of_links_that_lead_nowhere(shown: str) -> None:
    """Where rules or dashboards are installed and nobody said where the documents are."""
    command = ("install", "shop", CHART, "-f", PRODUCTION, "--dry-run=client", "--hide-secret")
    hidden = [f"--set=monitoring.{one}.enabled=false" for one in SHOWN if one != shown]
    assert "no runbook" in helm(*command, *hidden, "--set=monitoring.docsUrl=")
    assert "no runbook" not in helm(*command, *hidden)
    off = [f"--set=monitoring.{one}.enabled=false" for one in SHOWN]
    assert "no runbook" not in helm(*command, *off, "--set=monitoring.docsUrl=")
