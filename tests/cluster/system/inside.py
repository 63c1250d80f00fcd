"""The first process of the node's namespaces: starts everything, tries it, and takes it down again."""

from pathlib import Path
import sys
import time

from tests.cluster.checks import Checks
from tests.cluster.plane import ControlPlane
from tests.cluster.release import Release
from tests.cluster.signals import ended_by_signals
from tests.cluster.system.images import BuiltImage
from tests.cluster.system.isolation import hide_folders
from tests.cluster.system.names import open_names
from tests.cluster.system.network import NODE, set_up_network
from tests.cluster.system.node import open_node
from tests.cluster.system.stores import open_stores
from tests.cluster.system.trial import Trial

PATIENCE_SECONDS = 240
"""For containers to be started one after the other; a minute alone, and machines are shared."""

UNTRIED = {
    "NetworkPolicies": "the bridge plugin does not enforce them; the API server takes them",
    "operators (Prometheus, KEDA, Strimzi, Gateway)": "none is installed; `make test-chart` has their kinds",
    "pulling images, more than one node, evictions": "there is no registry, and one machine",
    "TLS and SASL to the stores from pods": "they are plain here; tests/e2e speaks both with a real Kafka",
}


def main(folder: Path, image: BuiltImage) -> int:
    """Try everything, print the table, and give 1 if anything failed."""
    checks = Checks("the services on a real node")
    with ended_by_signals():
        checks.attempt(lambda: _try_everything(checks, folder, image))
    for name, reason in UNTRIED.items():
        checks.skip(name, reason)
    return checks.report()


def _try_everything(checks: Checks, folder: Path, image: BuiltImage) -> None:
    hide_folders()
    set_up_network()
    begun = time.monotonic()
    with (
        open_stores(folder) as stores,
        ControlPlane(folder / "plane", address=NODE) as plane,
        open_names(plane, folder),
        open_node(plane, folder / "node", image.file),
    ):
        with checks.check("a node of its own") as told:
            told(f"ready after {time.monotonic() - begun:.0f} s, with PostgreSQL, Kafka and names")
        Trial(checks, Release(plane.client, "paybus", PATIENCE_SECONDS), stores, folder, image).run()
        plane.check()


if __name__ == "__main__":
    given = Path(sys.argv[1])
    sys.exit(main(given, BuiltImage.read(given)))
