"""Every object that the chart writes is what its kind says, strictly, for old and new Kubernetes."""

from copy import deepcopy
from pathlib import Path

import pytest
from tests.cluster.errors import MissingError
from tests.deploy.chart import PRODUCTION, helm, of_kind, render
from tests.deploy.kinds import is_operators, problems
from tests.deploy.places import CHART, EXAMPLES

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


@each_example
def test_helm_has_nothing_to_say(example: Path) -> None:
    """`helm lint --strict`, for which a warning is an error."""
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, "-f", example)


@each_example
def test_objects_are_what_kubernetes_says(example: Path) -> None:
    """No unknown field, no wrong type."""
    things = [thing for thing in render(example) if not is_operators(thing)]
    assert problems(things) == []
    assert len(things) > 20


@each_example
def test_objects_are_what_operators_say(example: Path) -> None:
    """Prometheus', the Gateway API's, KEDA's and Strimzi's kinds, by their own definitions."""
    things = [thing for thing in render(example) if is_operators(thing)]
    try:
        assert problems(things) == []
    except MissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("kind", ["Deployment", "ScaledObject", "HTTPRoute", "ServiceMonitor", "KafkaUser"])
def test_an_unknown_field_is_found(kind: str) -> None:
    """The check itself can fail, for kinds of either sort."""
    damaged = deepcopy(next(iter(of_kind(render(PRODUCTION), kind).values())))
    damaged["spec"]["replicaz"] = 3
    try:
        found = problems([damaged])
    except MissingError as error:
        pytest.skip(str(error))
    assert any("replicaz" in problem for problem in found)
