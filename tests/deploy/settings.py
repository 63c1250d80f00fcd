"""What the services' own settings classes say: names, defaults and types, for the chart to be made from."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from paybus.exporter.settings import ExporterSettings
from paybus.reconciler.settings import ReconcilerSettings
from paybus.runtime.settings import MerchantSettings, WorkerSettings
from paybus.sandbox.settings import Settings as SandboxSettings

CLASSES: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "cancel": WorkerSettings,
        "exporter": ExporterSettings,
        "notifier": MerchantSettings,
        "pay": WorkerSettings,
        "reconciler": ReconcilerSettings,
        "refund": WorkerSettings,
        "sandbox": SandboxSettings,
    }
)
"""The settings of each deployable that runs as a service."""

PREFIXES: Final[Mapping[str, str]] = MappingProxyType({"sandbox": "PAYBUS_SANDBOX_"})
OURS: Final = frozenset(
    {"http_host", "http_port", "http_port_file", "seam", "database_url", "topic_prefix"}
    | {"merchants_directory", "merchant_groups", "notify_base_url", "profile", "host", "port", "port_file"}
)
"""What the chart itself decides, from other values or not at all."""


def prefix(workload: str) -> str:
    """Give what the variables of *workload* begin with."""
    return PREFIXES.get(workload, "PAYBUS_")


def variables(workload: str) -> set[str]:
    """Name every variable that *workload* reads."""
    return {f"{prefix(workload)}{name.upper()}" for name in CLASSES[workload].model_fields}


def open_settings(workload: str) -> dict[str, Any]:
    """Give the settings that values may have, with their defaults."""
    fields = CLASSES[workload].model_json_schema()["properties"]
    return {name: field.get("default") for name, field in sorted(fields.items()) if _is_open(name)}


def setting_schemas(workloads: Collection[str]) -> dict[str, Any]:
    """Give the JSON schema of each setting that one of *workloads* has, by name."""
    schemas: dict[str, Any] = {}
    for kind in (CLASSES[workload] for workload in workloads):
        for name, field in kind.model_json_schema()["properties"].items():
            if _is_open(name):
                schemas.setdefault(name, _plain(field))
    return dict(sorted(schemas.items()))


def chart_settings() -> dict[str, Any]:
    """Give what the chart knows of each workload."""
    return {name: {"prefix": prefix(name), "settings": open_settings(name)} for name in sorted(CLASSES)}


def _is_open(name: str) -> bool:
    return name not in OURS and not name.startswith("kafka_")


def _plain(field: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing about the value; null is how a map loses a value in Helm."""
    (shape,) = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    told = {"description": field["description"]} if "description" in field else {}
    kept = {name: value for name, value in shape.items() if name not in {"title", "default", "format"}}
    return told | kept
