"""One installation of the chart in a namespace of its own, which admits restricted pods only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from tests.cluster.client import Client
from tests.cluster.errors import ClusterError
from tests.cluster.waiting import wait_for

NAME = "paybus"
_MARK = f"app.kubernetes.io/instance={NAME}"
_ADMIT = "pod-security.kubernetes.io/enforce=restricted"


@dataclass(frozen=True, slots=True)
class Release:
    """A release called `paybus` in *namespace*."""

    client: Client
    namespace: str
    patience_seconds: int
    """How long helm waits for a step to be done."""

    def make_namespace(self) -> None:
        """Make the namespace, whose admission refuses every pod that is not restricted."""
        self.client.kubectl("create", "namespace", self.namespace)
        self.client.kubectl("label", "namespace", self.namespace, _ADMIT)

    def helm(self, verb: str, *arguments: str | Path) -> str:
        """Run a verb of helm for this release."""
        seconds = 2.0 * self.patience_seconds  # hooks have their own time
        return self.client.helm(verb, NAME, *arguments, "-n", self.namespace, seconds=seconds)

    def install(self, chart: Path, *arguments: str | Path) -> None:
        """Install, and return when everything is ready and the hooks have succeeded."""
        self._wait("install", chart, *arguments)

    def upgrade(self, chart: Path, *arguments: str | Path) -> None:
        """Upgrade, and return when everything is ready again."""
        self._wait("upgrade", chart, *arguments)

    def rollback(self, revision: int) -> None:
        """Go back to a revision, and return when everything is ready again."""
        self._wait("rollback", str(revision))

    def objects(self, kind: str) -> list[Any]:
        """Give the objects of a kind that carry the release's name."""
        return self.client.items(kind, "-n", self.namespace, "-l", _MARK)

    def revision(self) -> int:
        """Give the number of the revision that is deployed."""
        history = json.loads(self.helm("history", "-o", "json"))
        return max(int(entry["revision"]) for entry in history if entry["status"] == "deployed")

    def leave(self) -> str:
        """Take the release away, and say what is kept; raises ClusterError for what should have gone."""
        self._wait("uninstall")
        kinds = self.client.kubectl("api-resources", "--verbs=list", "--namespaced", "-o", "name").split()
        chosen = ",".join(kind for kind in kinds if not kind.startswith("events"))
        wait_for("nothing but what is kept", lambda: self._hold_gone(chosen), seconds=self.patience_seconds)
        kept = Counter(str(item["kind"]) for item in self.objects(chosen))
        return ", ".join(f"{count} {kind} kept" for kind, count in kept.items()) or "nothing is left"

    def _hold_gone(self, kinds: str) -> bool:
        left = [_named(item) for item in self.objects(kinds) if not is_kept(item)]
        if left:
            raise ClusterError(f"still there: {', '.join(left)}")
        return True

    def _wait(self, verb: str, *arguments: str | Path) -> None:
        try:
            self.helm(verb, *arguments, "--wait", "--timeout", f"{self.patience_seconds}s")
        except ClusterError as error:
            raise ClusterError(f"{error}\n{self._warnings()}") from error

    def _warnings(self) -> str:
        events = self.client.items("events", "-n", self.namespace, "--field-selector", "type=Warning")
        return "\n".join(f"{event['involvedObject']['name']}: {event['message']}" for event in events[-5:])


def ready_pods(pods: Sequence[Any]) -> list[Any]:
    """Give those of *pods* that are ready and are not being deleted."""
    return [
        pod
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        and any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in pod["status"].get("conditions", ())
        )
    ]


def is_kept(item: Any) -> bool:
    """Say whether the chart itself wants *item* to outlive the release, as topics do."""
    policy: str = item["metadata"].get("annotations", {}).get("helm.sh/resource-policy", "")
    return policy == "keep"


def _named(item: Any) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"
