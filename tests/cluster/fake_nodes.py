"""Nodes that only seem to be there: kwok says that they are well, and that what is placed on them runs."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path

from tests.cluster.binaries import kwok, module_folder
from tests.cluster.plane import ControlPlane
from tests.cluster.program import Command, Daemon
from tests.cluster.waiting import wait_for

ZONES = ("a", "b", "c")
NODES_PER_ZONE = 2
_STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
_READY_SECONDS = 60.0


@contextmanager
def fake_nodes(plane: ControlPlane, folder: Path) -> Iterator[list[str]]:
    """Give the names of six nodes in three zones that are ready while the block lasts."""
    stages = folder / "stages.yaml"
    stages.write_text(_stages())
    command: Command = [
        kwok(), f"--kubeconfig={plane.kubeconfig('admin')}", f"--config={stages}", "--manage-all-nodes=true",
        "--node-lease-duration-seconds=40",
    ]  # fmt: skip
    nodes = {f"node-{zone}{number}": zone for zone in ZONES for number in range(NODES_PER_ZONE)}
    with Daemon("kwok", command, folder / "kwok.log") as daemon:
        for name, zone in nodes.items():
            plane.client.kubectl("create", "-f", "-", stdin=json.dumps(_node(name, zone)))
        wait_for("ready nodes", lambda: _all_ready(plane, set(nodes)), seconds=_READY_SECONDS, need=[daemon])
        yield list(nodes)


def _stages() -> str:
    folder = module_folder("sigs.k8s.io/kwok") / "kustomize" / "stage"
    files = [file for stage in _STAGES for file in sorted((folder / stage).glob("*.yaml"))]
    return "\n---\n".join(file.read_text() for file in files if file.name != "kustomization.yaml")


def _node(name: str, zone: str) -> dict[str, object]:
    labels = {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": zone,
        "kubernetes.io/os": "linux",
    }
    room = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"allocatable": room, "capacity": room},
    }


def _all_ready(plane: ControlPlane, names: set[str]) -> bool:
    return names <= {
        node["metadata"]["name"]
        for node in plane.client.items("nodes")
        for condition in node["status"].get("conditions", ())
        if condition["type"] == "Ready" and condition["status"] == "True"
    }
