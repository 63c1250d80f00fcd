"""Every file of example values: each object is valid, and the whole can be installed and taken away."""

from collections.abc import Sequence
from pathlib import Path

from tests.cluster.checks import Checks
from tests.cluster.client import Client
from tests.cluster.release import NAME, Release, ready_pods
import yaml

PATIENCE_SECONDS = 60
"""For what only seems to run; it takes five seconds, and machines are shared."""


def every_object_is_valid(checks: Checks, client: Client, chart: Path, files: Sequence[Path]) -> None:
    """Let the API server validate strictly, file by file, what the chart writes."""
    for file in files:
        with checks.check(f"strict dry run: {file.stem}") as told:
            told(f"{validate(client, chart, file)} objects")


def validate(client: Client, chart: Path, file: Path) -> int:
    """Give how many objects the chart writes with *file*; raises ClusterError for an invalid one."""
    namespace = f"valid-{file.stem}"
    client.kubectl("create", "namespace", namespace)
    served = [flag for kind in client.kubectl("api-versions").split() for flag in ("--api-versions", kind)]
    text = client.helm("template", NAME, chart, "-f", file, "-n", namespace, *served)
    accounts = [one for one in yaml.safe_load_all(text) if one and one["kind"] == "ServiceAccount"]
    # A pod is refused while its account is not there.
    client.kubectl("create", "-f", "-", stdin=yaml.safe_dump_all(accounts))
    strict = ("--dry-run=server", "--validate=strict", "-o", "name")
    return len(client.kubectl("apply", *strict, "-f", "-", stdin=text).split())


def every_example_installs(checks: Checks, client: Client, chart: Path, files: Sequence[Path]) -> None:
    """Install each file's values where only restricted pods are admitted, and take everything away again."""
    for file in files:
        release = Release(client, f"example-{file.stem}", PATIENCE_SECONDS)
        with checks.check(f"install and uninstall: {file.stem}") as told:
            release.make_namespace()
            release.install(chart, "-f", file)
            pods = release.objects("pods")
            assert ready_pods(pods), "no pod is ready"
            told(f"{len(ready_pods(pods))} pods ready, all restricted")
            told(release.leave())
