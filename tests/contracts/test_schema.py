"""The schemas are printed from the models, complete, and kept in schemas/."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.validator import validator_of

from paybus.contracts.message import Message, command_message, messages
from paybus.contracts.schema import ASYNCAPI_FILE, document_of, documents, find_drift, write_schemas
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

KEPT = Path(__file__).parents[2] / "schemas"
MESSAGES = pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.name)


def fields_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every field of a document and of its parts."""
    for part in (document, *document.get("$defs", {}).values()):
        yield from part["properties"].items()


def patterns_in(part: object) -> Iterator[str]:
    """Give every pattern in a part of a document."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        for value in part.values():
            yield from patterns_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from patterns_in(value)


def test_the_kept_schemas_are_those_of_the_models() -> None:
    """schemas/ has exactly what the models say, and no file besides but that of the profile (gateway/)."""
    assert find_drift(KEPT) == []
    kept = {path.relative_to(KEPT) for path in KEPT.rglob("*") if path.is_file()}
    assert kept - {Path("profile.json")} == documents().keys()


def test_every_message_has_a_schema() -> None:
    """A command of each kind, an event of each type, calls and dead letters: none is left out."""
    expected = {f"commands/{kind}.commands.v1.json" for kind in Kind}
    expected |= {f"events/{happening}.json" for happening in Happening}
    expected |= {"calls/gateway.calls.v1.json", "dead-letters/dead-letter.json", "asyncapi.json"}
    assert {path.as_posix() for path in documents()} == expected


@MESSAGES
def test_a_schema_says_what_it_is(message: Message) -> None:
    """A document names its dialect and itself (by no web address), and says what it and its fields mean."""
    document = document_of(message)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"urn:paybus:schema:v1:{message.family}:{message.name}"
    assert document["title"]
    assert document["description"].endswith(".")
    assert all(field["description"].endswith(".") for _, field in fields_of(document))


def test_ids_are_unique() -> None:
    """No two documents have the same `$id`."""
    ids = [document_of(message)["$id"] for message in messages()]
    assert len(ids) == len(set(ids))


@MESSAGES
def test_examples_are_valid(message: Message) -> None:
    """Each schema is a valid one, and has an example that it allows."""
    document = document_of(message)
    assert document["examples"]
    for example in document["examples"]:
        validator_of(document).validate(example)


@MESSAGES
def test_patterns_are_portable(message: Message) -> None:
    """Patterns have no lookaround, which readers in other languages do not know."""
    assert [one for one in patterns_in(document_of(message)) if "(?" in one] == []


def test_there_are_patterns() -> None:
    """Codes and moments are held by patterns: the rule above has something to hold."""
    assert len([*patterns_in(document_of(command_message(Kind.REFUND)))]) == 4


def test_money_is_whole_fen_in_every_schema() -> None:
    """Every amount is an integer within limits; what is to be paid or refunded is above zero."""
    for message in messages():
        for name, field in fields_of(document_of(message)):
            if name.endswith("_fen"):
                least = 1 if name in {"amount_fen", "refund_amount_fen"} else 0
                least = 0 if message.name == "callback.unmatched" else least
                assert (field["type"], field["minimum"], field["maximum"]) == ("integer", least, 10**13)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Printing is stable: a second run changes nothing and leaves nothing to be found."""
    written = write_schemas(tmp_path)
    first = {path: path.read_bytes() for path in written}
    assert write_schemas(tmp_path) == written
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == first
    assert find_drift(tmp_path) == []


def test_drift_is_found(tmp_path: Path) -> None:
    """A changed, a missing and a left-over document are each told by name, and writing mends all three."""
    write_schemas(tmp_path)
    changed, missing = tmp_path / "commands/pay.commands.v1.json", tmp_path / ASYNCAPI_FILE
    stale = tmp_path / "events/trade.forgotten.json"
    stale.write_text(changed.read_text())
    changed.write_text(changed.read_text().replace('"minimum": 1', '"minimum": 0'))
    missing.unlink()
    assert [sentence.split(" ")[0] for sentence in find_drift(tmp_path)] == [
        "commands/pay.commands.v1.json",
        "asyncapi.json",
        "events/trade.forgotten.json",
    ]
    write_schemas(tmp_path)
    assert find_drift(tmp_path) == []
    assert not stale.exists()


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """Writing into a folder that has other documents removes none of them."""
    (tmp_path / "events").mkdir()
    others = {
        "package.json": "{}",
        "events/theirs.json": '{"$id": "urn:theirs:x"}',
        "events/list.json": "[]",
        "events/broken.json": "{",
    }
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    write_schemas(tmp_path)
    assert {name: (tmp_path / name).read_text() for name in others} == others
    assert find_drift(tmp_path) == []


def test_a_folder_that_is_not_there_has_drifted(tmp_path: Path) -> None:
    """Without the folder every document is missing; writing makes it."""
    assert len(find_drift(tmp_path / "none")) == len(documents())
    assert find_drift(write_schemas(tmp_path / "none")[-1].parent) == []
