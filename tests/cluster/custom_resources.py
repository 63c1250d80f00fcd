"""The kinds of operators that the chart can use: their own definitions, from their Go modules."""

from pathlib import Path

from tests.cluster.binaries import module_folder
from tests.cluster.client import Client

MODULES = {
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd",
    "sigs.k8s.io/gateway-api@v1.6.3": "config/crd/standard",
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases",
}
OWN = Path(__file__).parent / "strimzi.yaml"
"""Strimzi publishes its definitions with its releases only; these are the fields that the chart uses."""


def apply_definitions(client: Client) -> int:
    """Apply every definition, wait until all are served, and give how many there are."""
    folders = [module_folder(module) / inner for module, inner in MODULES.items()]
    files = [file for folder in folders for file in sorted(folder.glob("*.yaml")) if _defines(file)]
    chosen = [part for file in (*files, OWN) for part in ("-f", file)]
    client.kubectl("apply", "--server-side", *chosen)
    client.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    return len(client.items("crd"))


def _defines(file: Path) -> bool:
    return "\nkind: CustomResourceDefinition\n" in file.read_text()
