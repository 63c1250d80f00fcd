"""helm and kubectl against one cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from tests.cluster.program import run


@dataclass(frozen=True, slots=True)
class Client:
    """Both programs with one kubeconfig; every method raises ClusterError."""

    folder: Path
    kubeconfig: Path

    def kubectl(self, *arguments: str | Path, stdin: str = "", seconds: float = 120.0) -> str:
        """Run kubectl and give what it printed."""
        return self._run("kubectl", arguments, stdin, seconds)

    def helm(self, *arguments: str | Path, stdin: str = "", seconds: float = 300.0) -> str:
        """Run helm and give what it printed."""
        return self._run("helm", arguments, stdin, seconds)

    def read(self, *arguments: str) -> Any:
        """Give what `kubectl get` with *arguments* shows, as JSON."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def items(self, *arguments: str) -> list[Any]:
        """Give the items that `kubectl get` with *arguments* lists."""
        return list(self.read(*arguments)["items"])

    def _run(self, program: str, arguments: Sequence[str | Path], stdin: str, seconds: float) -> str:
        environment = {"KUBECONFIG": str(self.kubeconfig), "HELM_NO_PLUGINS": "1"}
        return run([self.folder / program, *arguments], stdin=stdin, seconds=seconds, environment=environment)
