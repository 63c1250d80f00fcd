"""What was released stays true: commands written for it are read, and its readers find what they knew."""

from collections.abc import Callable
from copy import deepcopy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contracts.commands import verdict_on, written
from tests.contracts.compatibility import Schema, changes_for_readers, refusals_of_writers
from tests.contracts.validator import validator_of

from paybus.contracts.command import COMMANDS
from paybus.contracts.message import Family, Message, messages
from paybus.contracts.schema import document_of

RELEASED = Path(__file__).parent / "released" / "v1"
TODAY = {(message.family.value, message.name): message for message in messages()}
FILES = pytest.mark.parametrize(
    "path", sorted(RELEASED.rglob("*.json")), ids=lambda path: path.relative_to(RELEASED).as_posix()
)
Edit = Callable[[Schema], Any]


def released(family: str, name: str) -> Schema:
    """Give a released schema."""
    schema: Schema = json.loads((RELEASED / family / f"{name}.json").read_bytes())
    return schema


def today(path: Path) -> Message:
    """Give today's message of a released file."""
    return TODAY[path.parent.name, path.stem]


def test_something_was_released() -> None:
    """Commands, events, calls and dead letters all have released schemas, or nothing would be held here."""
    assert {path.parent.name for path in RELEASED.rglob("*.json")} == set(Family)


@FILES
def test_released_examples_are_still_taken(path: Path) -> None:
    """Today's models and today's schemas take every example of every release."""
    message = today(path)
    examples = json.loads(path.read_bytes())["examples"]
    assert examples
    for example in examples:
        validator_of(document_of(message)).validate(example)
        if message.family is Family.COMMANDS:
            kind = next(kind for kind, model in COMMANDS.items() if model is message.model)
            assert isinstance(verdict_on(written(example), kind), message.model)
        else:
            assert isinstance(msgspec.json.decode(written(example), type=message.model), message.model)


@FILES
def test_released_schemas_are_still_kept(path: Path) -> None:
    """No command that was allowed is refused, and no event lacks or changes what its readers know."""
    message = today(path)
    judge = refusals_of_writers if message.family is Family.COMMANDS else changes_for_readers
    assert judge(json.loads(path.read_bytes()), document_of(message)) == []


HARMLESS_TO_WRITERS: dict[str, Edit] = {
    "another text": lambda pay: pay.update(description="New.", title="New"),
    "a new optional field": lambda pay: pay["properties"].update(tip_fen={"type": "integer"}),
    "a greater limit": lambda pay: pay["properties"]["amount_fen"].update(maximum=10**14),
    "a limit less": lambda pay: pay["properties"]["subject"].pop("maxLength"),
    "a new method": lambda pay: pay["properties"]["method"]["enum"].append("face"),
    "a field that is not required any more": lambda pay: pay["required"].remove("subject"),
    "a rule less": lambda pay: pay["allOf"].pop(),
    "another type besides": lambda pay: pay["properties"]["auth_code"]["anyOf"].append({"type": "array"}),
    "longer receipts": lambda pay: pay["properties"]["goods"].update(maxItems=200),
}
HARMFUL_TO_WRITERS: dict[str, Edit] = {
    "a field that is required now": lambda pay: pay["required"].append("oper_id"),
    "a new required field": lambda pay: pay["required"].append("shop"),
    "a field that is gone": lambda pay: pay["properties"].pop("oper_id"),
    "a smaller maximum": lambda pay: pay["properties"]["amount_fen"].update(maximum=10**6),
    "a greater minimum": lambda pay: pay["properties"]["amount_fen"].update(minimum=100),
    "a shorter text": lambda pay: pay["properties"]["subject"].update(maxLength=255),
    "an empty text that is not allowed": lambda pay: _option(pay, "merchant_para").update(minLength=1),
    "another pattern": lambda pay: pay["properties"]["charge_code"].update(pattern="^[0-9]{1,64}$"),
    "another type": lambda pay: pay["properties"]["amount_fen"].update(type="string"),
    "a method that is gone": lambda pay: pay["properties"]["method"]["enum"].remove("jsapi"),
    "a null that is not allowed": lambda pay: pay["properties"]["oper_id"]["anyOf"].pop(),
    "a narrower option": lambda pay: _option(pay, "channel_type").update(maximum=99),
    "a new rule": lambda pay: pay["allOf"].append({"required": ["oper_id"]}),
    "a shorter receipt": lambda pay: pay["properties"]["goods"].update(maxItems=10),
    "a line of goods that needs more": lambda pay: pay["$defs"]["GoodsLine"]["required"].append("show_url"),
    "an enum where there was none": lambda pay: pay["properties"]["subject"].update(enum=["x"]),
    "no unknown fields": lambda pay: pay.update(additionalProperties=False),
    "a keyword that the checker does not know": lambda pay: pay.update(minProperties=9),
}
HARMLESS_TO_READERS: dict[str, Edit] = {
    "another text": lambda event: event["properties"]["state"].update(description="New."),
    "a new optional field": lambda event: event["properties"].update(tip_fen={"type": "integer"}),
}
HARMFUL_TO_READERS: dict[str, Edit] = {
    "a field that is gone": lambda event: event["properties"].pop("down_code"),
    "a field that may be missing now": lambda event: event["required"].remove("state"),
    "a required field that was not": lambda event: event["required"].append("down_code"),
    "another type": lambda event: event["properties"]["version"].update(type="string"),
    "a wider range": lambda event: event["properties"]["amount_fen"].update(minimum=0),
    "a narrower range": lambda event: event["properties"]["paid_fen"].update(maximum=1),
    "a null that was not": lambda event: event["properties"].update(
        state={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "no unknown fields": lambda event: event.update(additionalProperties=False),
}


def _option(pay: Schema, name: str) -> Schema:
    option: Schema = pay["properties"][name]["anyOf"][0]
    return option


def edited(schema: Schema, edit: Edit) -> Schema:
    """Give a copy of *schema* with one edit."""
    copy = deepcopy(schema)
    edit(copy)
    assert copy != schema
    return copy


@pytest.mark.parametrize("edit", HARMLESS_TO_WRITERS.values(), ids=HARMLESS_TO_WRITERS)
def test_the_checker_lets_commands_widen(edit: Edit) -> None:
    """What allows more, or says it better, may follow on the same topic."""
    pay = released("commands", "pay.commands.v1")
    assert refusals_of_writers(pay, edited(pay, edit)) == []


@pytest.mark.parametrize("edit", HARMFUL_TO_WRITERS.values(), ids=HARMFUL_TO_WRITERS)
def test_the_checker_finds_commands_narrowed(edit: Edit) -> None:
    """What would refuse or pass over something that was allowed is found, wherever it is."""
    pay = released("commands", "pay.commands.v1")
    assert refusals_of_writers(pay, edited(pay, edit))


@pytest.mark.parametrize("edit", HARMLESS_TO_READERS.values(), ids=HARMLESS_TO_READERS)
def test_the_checker_lets_events_grow(edit: Edit) -> None:
    """An optional field more, or a better text, may follow on the same topic."""
    paid = released("events", "trade.paid")
    assert changes_for_readers(paid, edited(paid, edit)) == []


@pytest.mark.parametrize("edit", HARMFUL_TO_READERS.values(), ids=HARMFUL_TO_READERS)
def test_the_checker_finds_events_changed(edit: Edit) -> None:
    """A field that is gone, may be missing or has another shape is found."""
    paid = released("events", "trade.paid")
    assert changes_for_readers(paid, edited(paid, edit))
