"""`python -m tests.deploy.generated`: write what is made from values.yaml and from the settings classes."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from tests.deploy.places import CHART
from tests.deploy.readme import FILE, readme
from tests.deploy.schema import values_schema
from tests.deploy.settings import chart_settings


def generated() -> Mapping[Path, str]:
    """Give each file as it should be."""
    return {
        CHART / "values.schema.json": _json(values_schema()),
        CHART / "files" / "settings.json": _json(chart_settings()),
        FILE: readme(),
    }


def drifted() -> list[str]:
    """Name the files that are not as they should be."""
    return [path.name for path, text in generated().items() if not path.exists() or path.read_text() != text]


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text)
