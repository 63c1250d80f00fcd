"""The dashboards in earnest: a real Prometheus has scraped a system under load and an outage."""

from collections.abc import Iterator
import json

from deploy.dashboards.__main__ import FOLDER
import pytest
from tests.monitoring.dashboard_shape import panels
from tests.monitoring.expressions import with_all_values
from tests.monitoring.scene import SHORT, SILENT, Scene, played
from tests.plugins.monitors import Monitors

pytestmark = pytest.mark.e2e

BOARDS = {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(scope="module")
def scene(monitors: Monitors) -> Iterator[Scene]:
    """Play it once for all tests."""
    with played(monitors.prometheus, SHORT) as scene:
        yield scene


def ask(scene: Scene, expression: str, at: float) -> list[float]:
    """Give the values of an expression at a time, all of the scene shown; NaN is none."""
    query = with_all_values(expression, range_seconds=int(scene.ended - scene.begun))
    answer = scene.prometheus.get("/api/v1/query", query=query, time=f"{at:.3f}")
    assert answer["status"] == "success", answer
    return [float(text) for _, text in (one["value"] for one in answer["data"]["result"]) if text != "NaN"]


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_has_data(scene: Scene, name: str) -> None:
    """In the outage or after it each query of each panel shows something; what cannot is on a list."""
    silent = {
        (name, panel["title"])
        for panel in panels(BOARDS[name])
        for target in panel["targets"]
        if not any(ask(scene, target["expr"], at) for at in (scene.outage_ended, scene.ended))
    }
    assert silent == {place for place in SILENT if place[0] == name}


@pytest.mark.parametrize(
    ("title", "least_under_the_outage"),
    [
        ("Money in doubt", 1.0),
        ("Operations in doubt", 1.0),
        ("Oldest in doubt", 1.0),
        ("Gateways left alone", 1),
    ],
)
def test_the_first_line_tells_of_the_outage(scene: Scene, title: str, least_under_the_outage: float) -> None:
    """Who opens Payments in an outage sees that money is in doubt, how much, since when, and why."""
    (expression,) = (
        panel["targets"][0]["expr"]
        for panel in panels(BOARDS["paybus-payments"])
        if panel["title"] == title and panel["type"] == "stat"
    )
    (value,) = ask(scene, expression, scene.outage_ended)
    assert value >= least_under_the_outage
