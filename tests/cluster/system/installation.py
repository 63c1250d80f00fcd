"""The chart as it is installed on the node: the sandbox as gateway, quick customers, slow calls."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from tests.cluster.release import NAME, Release
from tests.cluster.system.images import PAYBUS
from tests.cluster.system.stores import Stores

from paybus.cli.embedded.merchant_files import MERCHANTS, MerchantFiles

SERVICES = ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
_REPOSITORY, _, _TAG = PAYBUS.rpartition(":")
_SANDBOX = {
    "duplicate_detection": False,  # a second call is a second effect
    "callback_hosts": "*",
    "customer_pays_after_seconds": 1,
    "callback_interval_seconds": 1,
    "latency_ms": 400,
}
_SETTINGS = {
    "in_flight": 2,  # with the latency, some ten payments a second: time to replace all services meanwhile
    "query_lag_seconds": 1,
    "watch_first_seconds": 3,
    "command_expiry_seconds": 900,  # what waits in line here would have expired at a till
    "pay_wait_seconds": 900,
    "gateway_connect_seconds": 1,
    "gateway_pay_seconds": 5,
    "gateway_other_seconds": 5,
    "grace_seconds": 12,  # the chart refuses less than both, and five seconds
}
_SMALL = {"resources": {"requests": {"cpu": "100m"}}}


def values(stores: Stores, *, generation: int) -> dict[str, Any]:
    """Give the chart's values; another *generation* lets every service be replaced, but not the sandbox."""
    mark = {"podAnnotations": {"paybus.test/generation": str(generation)}}
    workloads = {name: {**_SMALL, **mark} for name in SERVICES}
    return {
        "image": {"repository": _REPOSITORY, "tag": _TAG, "pullPolicy": "Never"},
        "database": {"existingSecret": "ledger"},
        "kafka": {"bootstrap": stores.bootstrap},
        "merchants": {"existingSecrets": ["more-merchants"]},
        "sandboxMerchant": {"create": True, "id": MERCHANTS[0].merchant_id},
        "settings": _SETTINGS,
        "workloads": {**workloads, "sandbox": {"enabled": True, "settings": _SANDBOX, **_SMALL}},
    }


def write_values(file: Path, stores: Stores, *, generation: int) -> Path:
    """Write the values to *file* and give it."""
    file.write_text(json.dumps(values(stores, generation=generation)))
    return file


def make_secrets(release: Release, stores: Stores, folder: Path) -> None:
    """Make the Secrets that somebody must have made before: the ledger's address, and two merchants."""
    folder.mkdir()
    files = MerchantFiles.make_up(folder, MERCHANTS[1:])
    services = {name: f"http://{NAME}-{name}:8080" for name in ("sandbox", "notifier")}
    files.write(MERCHANTS[1:], gateway=services["sandbox"], notifier=services["notifier"])
    _make_secret(release, "ledger", {"url": stores.database_url})
    _make_secret(release, "more-merchants", {file.name: file.read_text() for file in folder.glob("*.toml")})


def _make_secret(release: Release, name: str, texts: Mapping[str, str]) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts}
    release.client.kubectl("create", "-n", release.namespace, "-f", "-", stdin=json.dumps(secret))
