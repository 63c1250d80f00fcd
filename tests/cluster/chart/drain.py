"""Nodes that are emptied for maintenance: disruption budgets say how many pods may go at a time."""

from collections.abc import Sequence
from typing import Any

from tests.cluster.checks import Checks
from tests.cluster.errors import ClusterError
from tests.cluster.release import Release, ready_pods
from tests.cluster.waiting import wait_for

_DRAIN = ("--ignore-daemonsets", "--delete-emptydir-data")
_READY_SECONDS = 60.0


def a_drain_respects_budgets(checks: Checks, release: Release, nodes: Sequence[str]) -> None:
    """Empty every node with nowhere else to go, which must stop at the budgets; then one by one."""
    budgets = release.objects("poddisruptionbudgets")
    with checks.check("a drain of every node at once stops at the budgets") as told:
        assert budgets, "there is no budget"
        told(_drain_all(release, nodes))
    with checks.check("a drain of one node after another succeeds") as told:
        for node in nodes:
            release.client.kubectl("drain", node, *_DRAIN, "--timeout=60s")
            wait_for("ready pods", lambda: _all_ready(release), seconds=_READY_SECONDS)
            release.client.kubectl("uncordon", node)
        told(f"{len(nodes)} nodes, {len(ready_pods(release.objects('pods')))} pods ready")


def _drain_all(release: Release, nodes: Sequence[str]) -> str:
    release.client.kubectl("cordon", *nodes)  # what is evicted has nowhere to go: no budget is filled again
    try:
        _fail_to_drain(release, nodes)
        budgets, stayed = release.objects("poddisruptionbudgets"), ready_pods(release.objects("pods"))
    finally:
        release.client.kubectl("uncordon", *nodes)
    below = [
        _name(one) for one in budgets if one["status"]["currentHealthy"] < one["status"]["desiredHealthy"]
    ]
    assert not below, f"below their budgets: {', '.join(below)}"
    wait_for("ready pods", lambda: _all_ready(release), seconds=_READY_SECONDS)
    return f"{len(budgets)} budgets, none below what it wants; {len(stayed)} pods stayed"


def _fail_to_drain(release: Release, nodes: Sequence[str]) -> None:
    try:
        release.client.kubectl("drain", *nodes, *_DRAIN, "--timeout=10s")
    except ClusterError as error:
        if "error when evicting pods" not in str(error):
            raise
    else:
        raise AssertionError("every pod was evicted")


def _all_ready(release: Release) -> bool:
    return all(
        one["status"].get("readyReplicas", 0) >= one["spec"]["replicas"] and one["spec"]["replicas"] > 0
        for one in release.objects("deployments")
    )


def _name(item: Any) -> str:
    return str(item["metadata"]["name"])
