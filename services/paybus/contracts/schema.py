"""The schemas of all messages (JSON Schema 2020-12, AsyncAPI 3.0), and the folder they are kept in.

They are printed from the models, never written by hand: `write_schemas` prints, `find_drift` compares.
"""

import json
from pathlib import Path
from typing import Final

import msgspec

from paybus.contracts.asyncapi import asyncapi
from paybus.contracts.message import Family, Message, messages
from paybus.contracts.shape import Schema, shapes_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI_FILE: Final = Path("asyncapi.json")
_URN = "urn:paybus:schema:v1:"


def document_of(message: Message) -> Schema:
    """Build the JSON Schema document of *message*; of a dead letter it is the headers'."""
    root, *parts = shapes_of(message.model, reference="#/$defs/{name}").items()
    description = " ".join(filter(None, (message.when, root[1]["description"])))
    return {
        "$schema": DIALECT,
        "$id": f"{_URN}{message.family}:{message.name}",
        **root[1],
        "title": message.title,
        "description": description,
        "examples": [json.loads(msgspec.json.encode(example)) for example in message.examples],
        **({"$defs": dict(parts)} if parts else {}),
    }


def documents() -> dict[Path, Schema]:
    """Build every document, by its path in the folder of schemas."""
    schemas = {Path(one.family, f"{one.name}.json"): document_of(one) for one in messages()}
    return {**schemas, ASYNCAPI_FILE: asyncapi()}


def write_schemas(directory: Path) -> list[Path]:
    """Write every document below *directory*, remove those of ours that are no more, list what is there."""
    for path, text in _texts().items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path in _left_over(directory):
        (directory / path).unlink()
    return [directory / path for path in _texts()]


def find_drift(directory: Path) -> list[str]:
    """Say, one sentence a file, in what *directory* differs from what `write_schemas` would leave there."""
    sentences = []
    for path, text in _texts().items():
        target = directory / path
        if not target.is_file():
            sentences.append(f"{path} is missing; write the schemas again")
        elif target.read_text(encoding="utf-8") != text:
            sentences.append(f"{path} is not what the models say; write the schemas again")
    return sentences + [f"{path} belongs to no message any more; remove it" for path in _left_over(directory)]


def _texts() -> dict[Path, str]:
    return {
        path: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for path, document in documents().items()
    }


def _left_over(directory: Path) -> list[Path]:
    """Find documents with our `$id` that belong to no message; files of others are left alone."""
    expected = documents().keys()
    found = (path for family in Family for path in sorted((directory / family).glob("*.json")))
    return [
        path.relative_to(directory)
        for path in found
        if path.relative_to(directory) not in expected and _is_ours(path)
    ]


def _is_ours(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(document, dict) and str(document.get("$id", "")).startswith(_URN)
