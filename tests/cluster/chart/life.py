"""The life of one release: installed as it was before, upgraded, rolled back, drained, taken away."""

from collections.abc import Mapping, Sequence
import json
from typing import Any

from tests.cluster.chart.charts import Charts
from tests.cluster.chart.drain import a_drain_respects_budgets
from tests.cluster.chart.examples import PATIENCE_SECONDS
from tests.cluster.checks import Checks
from tests.cluster.client import Client
from tests.cluster.errors import ClusterError
from tests.cluster.release import Release, ready_pods

_OTHER_SELECTOR = json.dumps([{"op": "add", "path": "/spec/selector/matchLabels/another", "value": "one"}])


def live(checks: Checks, charts: Charts, client: Client, nodes: Sequence[str]) -> None:
    """Try every station of the life of a release of *charts*."""
    release = Release(client, "life", PATIENCE_SECONDS)
    with checks.check("install the previous chart") as told:
        release.make_namespace()
        release.install(charts.previous, *charts.values)
        told(f"{len(ready_pods(release.objects('pods')))} pods ready, revision {release.revision()}")
    before = selectors(release)
    with checks.check("upgrade to this chart") as told:
        release.upgrade(charts.this, *charts.values)
        assert selectors(release).items() >= before.items(), "a selector changed"
        told(f"revision {release.revision()}, {len(before)} selectors unchanged")
    with checks.check("another selector is refused") as told:
        told(refuses_another_selector(release))
    with checks.check("roll back") as told:
        release.rollback(1)
        told(f"revision {release.revision()}, {len(ready_pods(release.objects('pods')))} pods ready")
    with checks.check("upgrade again") as told:
        release.upgrade(charts.this, *charts.values)
        told(f"revision {release.revision()}")
    a_drain_respects_budgets(checks, release, nodes)
    with checks.check("uninstall") as told:
        told(release.leave())


def selectors(release: Release) -> Mapping[str, Any]:
    """Give the selector of each Deployment by its name."""
    return {
        one["metadata"]["name"]: one["spec"]["selector"]["matchLabels"]
        for one in release.objects("deployments")
    }


def refuses_another_selector(release: Release) -> str:
    """Try to change a Deployment's selector, and give the API server's reason not to."""
    name = next(iter(selectors(release)))
    patch = ("patch", "deployment", name, "-n", release.namespace, "--type=json", "-p", _OTHER_SELECTOR)
    try:
        release.client.kubectl(*patch)
    except ClusterError as error:
        if "field is immutable" not in str(error):
            raise
        return f"{name}: field is immutable"
    raise AssertionError(f"{name} took another selector")
