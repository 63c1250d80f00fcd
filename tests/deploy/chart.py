"""The chart as Helm renders it: objects, or the reason why it refuses."""

from collections.abc import Mapping, Sequence
import functools
import json
from pathlib import Path
import subprocess
from typing import Any, Final

from tests.cluster.binaries import clients
from tests.deploy.places import CHART
import yaml

MINIMAL: Final = CHART / "ci" / "minimal-values.yaml"
PRODUCTION: Final = CHART / "ci" / "production-values.yaml"
SANDBOX: Final = CHART / "ci" / "sandbox-values.yaml"
RELEASE: Final = "shop"
NAMESPACE: Final = "payments"
HELM_SECONDS: Final = 60.0  # one rendering takes half a second; machines are shared

Thing = Mapping[str, Any]


class RefusedError(Exception):
    """Helm does not render these values; the text is what it says."""


def helm(*arguments: str | Path, stdin: str = "") -> str:
    """Run Helm and give what it printed; raises RefusedError."""
    command = [clients() / "helm", *arguments]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, timeout=HELM_SECONDS
    )
    if done.returncode:
        raise RefusedError(done.stderr + done.stdout)
    return done.stdout


def render(values: Path = MINIMAL, changes: Thing | None = None) -> Sequence[Thing]:
    """Render the chart with a file of values and *changes* to them, each once in a run of tests."""
    return _render(values, json.dumps(changes or {}))


def refusal(changes: Thing, values: Path = MINIMAL) -> str:
    """Give what Helm says against *changes*; an error if it says nothing."""
    try:
        render(values, changes)
    except RefusedError as error:
        return str(error)
    raise AssertionError(f"these values are not refused: {changes}")


@functools.cache
def _render(values: Path, changes: str) -> Sequence[Thing]:
    text = helm("template", RELEASE, CHART, "-n", NAMESPACE, "-f", values, "-f", "-", stdin=changes)
    return tuple(thing for thing in yaml.safe_load_all(text) if thing)


def of_kind(things: Sequence[Thing], kind: str) -> dict[str, Thing]:
    """Give the chart's own objects of *kind*, by the name of their component."""
    found = [thing for thing in things if thing["kind"] == kind and "labels" in thing["metadata"]]
    return {thing["metadata"]["labels"]["app.kubernetes.io/component"]: thing for thing in found}


def pods(things: Sequence[Thing]) -> dict[str, Thing]:
    """Give every pod that would run, by the name of its component: metadata and spec."""
    made = {
        name: thing["spec"]["template"]
        for kind in ("Deployment", "Job")
        for name, thing in of_kind(things, kind).items()
    }
    return made | of_kind(things, "Pod")


def container(pod: Thing) -> Thing:
    """Give the container of the service."""
    first: Thing = pod["spec"]["containers"][0]
    return first


def environment(things: Sequence[Thing], name: str) -> dict[str, Any]:
    """Give what the container of *name* has in its environment: texts, and references to secrets."""
    it = container(pods(things)[name])
    variables: dict[str, Any] = {}
    for source in it.get("envFrom", []):
        for settings in of_kind(things, "ConfigMap").values():
            if settings["metadata"]["name"] == source.get("configMapRef", {}).get("name"):
                variables |= settings["data"]
    for variable in it.get("env", []):
        variables[variable["name"]] = variable.get("value", variable.get("valueFrom"))
    return variables
