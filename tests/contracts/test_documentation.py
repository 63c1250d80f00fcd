"""docs/messages.md tells what the models say: its tables and examples are held to them."""

import json
from pathlib import Path
import re
from typing import Any

import pytest
from tests.contracts.commands import verdict_on
from tests.contracts.validator import validator_of

from paybus.contracts.asyncapi import asyncapi
from paybus.contracts.command import COMMANDS, MAX_COMMAND_BYTES
from paybus.contracts.errors import MAX_MESSAGE_CHARACTERS
from paybus.contracts.message import CALL, DEAD_LETTER, Family, Message, messages
from paybus.contracts.refusal import DEAD_LETTERS, MALFORMED, REFUSED
from paybus.contracts.schema import document_of
from paybus.contracts.topics import Topics
from paybus.trades.trade import TradeState

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
SECTIONS = {
    found[1]: found[2]
    for found in re.finditer(r"^##+ `?([^`\n]+)`?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
MESSAGES = pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.name)
_ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \|", re.MULTILINE)


def rows(section: str, header: str) -> dict[str, str]:
    """Give the first two columns of the tables in *section* whose first column is headed *header*."""
    tables = re.findall(rf"^\| {header} \|.*?\n((?:\|.*\n)+)", SECTIONS[section], re.MULTILINE)
    return {found[1]: found[2] for table in tables for found in _ROW.finditer(table)}


def examples(section: str) -> list[Any]:
    """Give the JSON examples in *section*."""
    return [
        json.loads(text)
        for text in re.findall(r"^```json\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)
    ]


def needed(schema: dict[str, Any]) -> dict[str, bool]:
    """Say of each field of *schema* whether it is required."""
    return {name: name in schema["required"] for name in schema["properties"]}


@MESSAGES
def test_every_message_is_shown_by_valid_examples(message: Message) -> None:
    """Each message has a section of its name, with examples that its schema allows and its reader takes."""
    shown = examples(message.name)
    assert shown
    for example in shown:
        validator_of(document_of(message)).validate(example)
        if message.family is Family.COMMANDS:
            kind = next(kind for kind, model in COMMANDS.items() if model is message.model)
            assert isinstance(verdict_on(json.dumps(example).encode(), kind), message.model)


def test_no_example_stands_outside() -> None:
    """Every example on the page is in a message's section, so none goes unchecked."""
    assert PAGE.count("```json") == sum(len(examples(message.name)) for message in messages())


@pytest.mark.parametrize("message", [one for one in messages() if one.family is Family.COMMANDS])
def test_the_fields_of_a_command_are_told(message: Message) -> None:
    """The tables have every field of the command (and of its goods), and say rightly whether it is needed."""
    schema = document_of(message)
    parts = [schema, *schema.get("$defs", {}).values()]
    expected = {name: required for part in reversed(parts) for name, required in needed(part).items()}
    told = rows(message.name, "Field")
    assert {name: word == "yes" for name, word in told.items()} == expected
    assert {word.split(" ")[0] for word in told.values()} <= {"yes", "no", "for"}


@pytest.mark.parametrize("message", [one for one in messages() if one.family is Family.EVENTS])
def test_the_fields_of_an_event_are_told(message: Message) -> None:
    """The tables have every field of the event, and say rightly whether it is always there."""
    expected = needed(document_of(message))
    own = rows("refund.accepted" if message.name.startswith("refund.") else message.name, "Field")
    trade = rows("Events", "Field") if "version" in expected else {}
    assert {name: word == "yes" for name, word in {**trade, **own}.items()} == expected


def test_the_fields_of_a_call_are_told() -> None:
    """So it is for the records of gateway calls."""
    told = {name: word == "yes" for name, word in rows(CALL.name, "Field").items()}
    assert told == needed(document_of(CALL))


def test_every_topic_is_told() -> None:
    """The page has all topics and no other."""
    assert tuple(rows("Topics", "Topic")) == Topics().all()


def test_every_header_is_told() -> None:
    """The page has the headers of commands, events and dead letters, and no other."""
    schemas = asyncapi()["components"]["schemas"]
    assert [*rows("Commands", "Header")] == [*schemas["CommandHeaderTexts"]["properties"]]
    assert [*rows("Events", "Header")] == [*schemas["EventHeaderTexts"]["properties"]]
    assert [*rows("Dead letters", "Header")] == [*document_of(DEAD_LETTER)["properties"]]


def test_every_reason_is_told() -> None:
    """The page has all slugs of rejections and of dead letters, and no other."""
    assert [*rows("Why a command is rejected", "Reason")] == [*MALFORMED, *REFUSED]
    assert [*rows("Dead letters", "Reason")] == [*DEAD_LETTERS]


def test_every_state_is_told() -> None:
    """The page has all states of a trade, and no other."""
    assert set(rows("Events", "State")) == set(TradeState)


def test_limits_are_told() -> None:
    """The sizes on the page are the program's."""
    assert f"{MAX_COMMAND_BYTES:,} bytes".replace(",", " ") in PAGE
    assert f"at most {MAX_MESSAGE_CHARACTERS} characters" in PAGE


def test_links_within_the_repository_lead_somewhere() -> None:
    """A link to schemas/ or to a heading of the page has its target."""
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = {name.lower().replace(" ", "-") for name in SECTIONS}
    assert {link[1:] for link in links if link.startswith("#")} <= headings
    schemas = {link for link in links if link.startswith("../")}
    assert schemas
    assert all((Path(__file__).parents[2] / "docs" / link).exists() for link in schemas)
