"""The chart's values with what their comments say of them.

A key below a comment that begins with `# --` is a value: it has a description, perhaps a `# @schema` line,
and a default, which is everything below it. A key without is a section; its keys are values or sections.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
import json
import re
from typing import Any, Final

from tests.deploy.places import CHART
import yaml

FILE: Final = CHART / "values.yaml"
_KEY: Final = re.compile(r"^( *)([A-Za-z]\w*):")
_COMMENT: Final = re.compile(r"^ *# ?(.*)$")


@dataclass(frozen=True, slots=True)
class Value:
    """One value: `path` leads to it, `schema` is what its comment says of its type, if anything."""

    path: tuple[str, ...]
    description: str
    schema: Any
    default: Any

    @property
    def name(self) -> str:
        """Its path, as one writes it."""
        return ".".join(self.path)


def read_values() -> list[Value]:
    """Give every value, in the order of the file."""
    text = FILE.read_text()
    defaults = yaml.safe_load(text)
    return [
        Value(path, *_told(comments), reduce(lambda found, key: found[key], path, defaults))
        for path, comments in _commented_keys(text)
        if any(line.startswith("-- ") for line in comments)
    ]


def _commented_keys(text: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Give each key that is not part of a value's default, and the comment above it."""
    path: list[str] = []
    comments: list[str] = []
    inside = None  # how far the value is indented whose default we are in
    for line in text.splitlines():
        if comment := _COMMENT.match(line):
            comments.append(comment[1])
            continue
        key = _KEY.match(line)
        if key and (inside is None or len(key[1]) <= inside):
            depth = len(key[1]) // 2
            path[depth:] = [key[2]]
            inside = len(key[1]) if any(one.startswith("-- ") for one in comments) else None
            yield tuple(path), comments
        comments = []


def _told(comments: list[str]) -> tuple[str, Any]:
    """Part a comment into description and schema."""
    begin = next(number for number, line in enumerate(comments) if line.startswith("-- "))
    lines = [comments[begin].removeprefix("-- "), *comments[begin + 1 :]]
    (*_, schema) = ("", *(line.removeprefix("@schema ") for line in lines if line.startswith("@schema ")))
    description = " ".join(line for line in lines if not line.startswith("@schema "))
    return description, json.loads(schema) if schema.startswith("{") else schema or None
