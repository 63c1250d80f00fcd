"""What the dashboards ask is understood by a real Prometheus."""

from collections.abc import Iterator
import json

from deploy.dashboards.__main__ import FOLDER
import pytest
from tests.monitoring.dashboard_meaning import expressions
from tests.monitoring.expressions import with_all_values
from tests.monitoring.prometheus import Prometheus
from tests.plugins.monitors import Monitors

BOARDS = {file.name: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(scope="module")
def prometheus(monitors: Monitors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Give one that scrapes nobody."""
    with Prometheus(monitors.prometheus, tmp_path_factory.mktemp("prometheus"), {}) as started:
        yield started


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_is_understood(prometheus: Prometheus, name: str) -> None:
    """With all values chosen, each query of each panel has an answer, be it an empty one."""
    asked = list(expressions({name: BOARDS[name]}))
    assert len(asked) > 20
    answers = {where: prometheus.get("/api/v1/query", query=with_all_values(query)) for where, query in asked}
    assert [(where, one["error"]) for where, one in answers.items() if one["status"] != "success"] == []


def test_a_query_that_is_wrong_is_refused(prometheus: Prometheus) -> None:
    """Whether a query is understood shows in the answer."""
    answer = prometheus.get(
        "/api/v1/query", query=with_all_values("sum(rate(up{$namespace}[$__rate_interval]))")
    )
    assert answer["status"] == "error"
