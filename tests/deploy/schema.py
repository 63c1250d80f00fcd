"""The schema of the chart's values: what is not in values.yaml is refused, and so a mistyped name is told."""

from collections.abc import Iterable
from typing import Any, Final

from tests.deploy.settings import CLASSES, setting_schemas
from tests.deploy.values import Value, read_values

_SHORT: Final[dict[str, Any]] = {
    "object": {"type": "object"},
    "objects": {"type": "array", "items": {"type": "object"}},
    "strings": {"type": "object", "additionalProperties": {"type": "string"}},
    "names": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
    "ports": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}},
}
_PLAIN: Final = {bool: {"type": "boolean"}, int: {"type": "integer", "minimum": 0}, str: {"type": "string"}}
_OPEN: Final = "global"
"""A chart that depends on this one hands its own global values down."""


def values_schema() -> dict[str, Any]:
    """Make the JSON schema of values.yaml."""
    values = read_values()
    services = sorted(set(CLASSES) - {"sandbox"})
    schema = _object((value.path, value) for value in values)
    schema["properties"][_OPEN]["additionalProperties"] = True
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",  # what every Helm 3 knows
        "title": "Values of the chart paybus",
        **schema,
        "$defs": {
            "settings": _closed(setting_schemas(services)),
            "sandboxSettings": _closed(setting_schemas(["sandbox"])),
            "workload": _workload(values, settings="settings"),
            "sandbox": _workload(values, settings="sandboxSettings"),
        },
    }


def _workload(values: Iterable[Value], *, settings: str) -> dict[str, Any]:
    """Give what may stand below `workloads` for one of them: what stands below `defaults`, and `enabled`."""
    schema = _object((value.path[1:], value) for value in values if value.path[0] == "defaults")
    own = {"enabled": {"type": "boolean"}, "settings": {"$ref": f"#/$defs/{settings}"}}
    return _closed(schema["properties"] | own)


def _object(values: Iterable[tuple[tuple[str, ...], Value]]) -> dict[str, Any]:
    """Make an object of values by the rest of their paths; sections become objects in it."""
    properties: dict[str, Any] = {}
    sections: dict[str, list[tuple[tuple[str, ...], Value]]] = {}
    for (key, *rest), value in values:
        if rest:
            sections.setdefault(key, []).append((tuple(rest), value))
            properties.setdefault(key, {})
        else:
            properties[key] = _type(value)
    return _closed(properties | {key: _object(inner) for key, inner in sections.items()})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _type(value: Value) -> dict[str, Any]:
    if isinstance(value.schema, dict):
        shape = value.schema
    else:
        shape = _SHORT[value.schema] if value.schema else _PLAIN[type(value.default)]
    return shape if "$ref" in shape else {"description": value.description, **shape}
