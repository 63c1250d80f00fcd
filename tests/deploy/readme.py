"""The tables in the chart's README: values, and the settings of services."""

from collections.abc import Iterable
import json
from typing import Any, Final

from tests.deploy.places import CHART
from tests.deploy.settings import CLASSES, open_settings, setting_schemas
from tests.deploy.values import read_values

FILE: Final = CHART / "README.md"
_SERVICES: Final = tuple(sorted(set(CLASSES) - {"sandbox"}))


def readme() -> str:
    """Give the README with its tables as they should be; what is written by hand stays."""
    text = FILE.read_text()
    for name, rows in (("values", _values()), ("settings", _settings())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        assert found, f"README.md has no place for {name}"
        text = "".join([before, begin, "\n", *rows, "\n", end, after])
    return text


def _values() -> Iterable[str]:
    yield "| Value | Default | Meaning |\n|---|---|---|\n"
    for value in read_values():
        yield f"| `{value.name}` | {_code(value.default)} | {_cell(value.description)} |\n"


def _settings() -> Iterable[str]:
    yield "| Setting | Default | Of | Meaning |\n|---|---|---|---|\n"
    for name, schema in setting_schemas(_SERVICES).items():
        known = [service for service in _SERVICES if name in open_settings(service)]
        of = "all" if len(known) == len(_SERVICES) else ", ".join(known)
        default = open_settings(known[0])[name]
        yield f"| `{name}` | {_code(default)} | {of} | {_cell(schema.get('description', ''))} |\n"


def _code(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "" if value in ("", {}, []) else f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
