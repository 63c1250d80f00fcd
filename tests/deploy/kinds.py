"""Whether objects are what their kinds say: Kubernetes' own, and those of operators by their definitions.

A definition's rules in CEL are not looked at: only an API server does that.
"""

from collections.abc import Sequence
import functools
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
import kubernetes_validate
from tests.cluster.binaries import module_folder
from tests.cluster.custom_resources import MODULES, OWN
from tests.deploy.chart import Thing
import yaml

VERSIONS: Final = ("1.30", "1.37")
"""The oldest Kubernetes that the chart takes, and the newest that we know."""

_OPERATORS: Final = (
    "monitoring.coreos.com",
    "gateway.networking.k8s.io",
    "keda.sh",
    "kafka.strimzi.io",
    "cilium.io",
)
_CILIUM: Final = Path(__file__).with_name("cilium.yaml")
"""By hand as well: its module is a hundred times as large as the definition in it."""


def problems(things: Sequence[Thing]) -> list[str]:
    """Say what is wrong with *things*; raises MissingError where there is no Go to fetch definitions with."""
    return [problem for thing in things for problem in _problems(thing)]


def is_operators(thing: Thing) -> bool:
    """Say whether the kind of *thing* is defined by somebody's operator."""
    return thing["apiVersion"].startswith(_OPERATORS)


def _problems(thing: Thing) -> list[str]:
    name = f"{thing['kind']}/{thing['metadata']['name']}"
    if is_operators(thing):
        found = Draft202012Validator(_definition(thing["apiVersion"], thing["kind"])).iter_errors(thing)
        return [f"{name}: {error.json_path}: {error.message}" for error in found]
    return [problem for version in VERSIONS for problem in _own_problems(name, thing, version)]


def _own_problems(name: str, thing: Thing, version: str) -> list[str]:
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return [f"{name}: {error} (Kubernetes {version})"]
    return []


@functools.cache
def _definition(api_version: str, kind: str) -> dict[str, Any]:
    """Give the schema of a kind as its definition has it."""
    group, _, version = api_version.partition("/")
    for definition in _definitions(group, kind):
        spec = definition["spec"]
        if (spec["group"], spec["names"]["kind"]) == (group, kind):
            (served,) = (one for one in spec["versions"] if one["name"] == version)
            schema: dict[str, Any] = _strict(served["schema"]["openAPIV3Schema"])
            schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
            return schema
    raise LookupError(f"nobody defines {kind} of {api_version}")


def _definitions(group: str, kind: str) -> list[Any]:
    files = [OWN, _CILIUM]
    for module, inner in MODULES.items():
        if group not in {"kafka.strimzi.io", "cilium.io"}:
            files += sorted(Path(module_folder(module), inner).glob(f"*{group}_{kind.lower()}s.yaml"))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [one for file in files for one in yaml.load_all(file.read_text(), loader) if one]


def _strict(schema: Any) -> Any:
    """Make a definition's schema refuse what an API server would drop, or refuse if asked to be strict."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: value if key in {"enum", "default"} else _strict(value) for key, value in schema.items()}
    made.pop("format", None)
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        made["type"] = [schema["type"], "null"]
    return made
