"""`make test-cluster`: image and chart on a real node, under load, judged by the gateway's books.

The image is built from its Dockerfile. Kubernetes (built from Go modules), containerd and runc of this
machine run its pods; a real PostgreSQL and Apache Kafka stand beside the node. Everything lives in
namespaces that leave nothing behind. It needs root, and what `make cluster` installs.
"""

from pathlib import Path
import sys
import tempfile

from tests.cluster import binaries
from tests.cluster.errors import ClusterError
from tests.cluster.signals import ended_by_signals
from tests.cluster.system.images import pause_image, paybus_image
from tests.cluster.system.isolation import run_apart
from tests.kafka.jars import KafkaUnavailableError, resolve_jars


def main() -> int:
    """Build what is missing, and run the rest apart from the machine; code 2 where it cannot be run."""
    try:
        with ended_by_signals():
            return _run()
    except (ClusterError, KafkaUnavailableError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run() -> int:
    for make in (binaries.clients, binaries.kubernetes, binaries.name_server, pause_image, resolve_jars):
        make()
    image = paybus_image()
    with tempfile.TemporaryDirectory(prefix="paybus-node-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another account
        image.write(folder)
        return run_apart("tests.cluster.system.inside", [folder])


if __name__ == "__main__":
    sys.exit(main())
