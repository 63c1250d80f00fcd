"""The AsyncAPI document tells other teams which topic carries what."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.contracts.validator import validator_of

from paybus.contracts.asyncapi import asyncapi
from paybus.contracts.message import Family, messages
from paybus.contracts.topics import Topics
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

DOCUMENT = asyncapi()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def references(part: object) -> Iterator[str]:
    """Give every pointer in *part* of the document."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def pointed_at(pointer: str) -> Any:
    """Follow a pointer; raises KeyError if it leads nowhere."""
    place: Any = DOCUMENT
    for step in pointer.removeprefix("#/").split("/"):
        place = place[step]
    return place


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a schema that stands alone, with the document's parts in it."""
    return {**pointed_at(schema["$ref"]), "components": DOCUMENT["components"]}


def carried(topic: str) -> set[str]:
    """Give the names of the messages on *topic*."""
    return set(DOCUMENT["channels"][topic]["messages"])


def test_every_topic_is_a_channel() -> None:
    """All topics are in the document under their addresses, and no other."""
    assert tuple(DOCUMENT["channels"]) == Topics().all()
    assert all(channel["address"] == topic for topic, channel in DOCUMENT["channels"].items())


def test_every_message_is_carried_by_its_topic() -> None:
    """Commands by their kind's topic, all events by one topic, calls by theirs, dead letters by three."""
    topics = Topics()
    for kind in Kind:
        assert carried(topics.commands(kind)) == {f"{kind}.commands.v1"}
        assert carried(topics.dead_letters(kind)) == {"dead-letter"}
    assert carried(topics.trade_events) == {happening.value for happening in Happening}
    assert carried(topics.gateway_calls) == {"gateway.calls.v1"}
    assert MESSAGES.keys() == {message.name for message in messages()}


def test_we_receive_commands_and_send_the_rest() -> None:
    """Each topic has one operation, seen from Paybus: it reads commands and writes all others."""
    operations = DOCUMENT["operations"].values()
    actions = {pointed_at(one["channel"]["$ref"])["address"]: one["action"] for one in operations}
    commands = {Topics().commands(kind) for kind in Kind}
    assert actions == {topic: "receive" if topic in commands else "send" for topic in Topics().all()}
    for one in operations:
        channel = one["channel"]["$ref"]
        assert {message["$ref"] for message in one["messages"]} == {
            f"{channel}/messages/{name}" for name in pointed_at(channel)["messages"]
        }


def test_every_pointer_leads_somewhere() -> None:
    """The document stands alone: what it refers to is in it."""
    pointers = set(references(DOCUMENT))
    assert pointers
    for pointer in pointers:
        assert isinstance(pointed_at(pointer), dict)


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "dead-letter"])
def test_examples_are_valid(name: str) -> None:
    """Each message has an example that its payload's schema allows."""
    message = MESSAGES[name]
    assert message["examples"]
    for example in message["examples"]:
        validator_of(resolved(message["payload"])).validate(example["payload"])


@pytest.mark.parametrize("name", MESSAGES)
def test_every_record_has_the_trade_as_its_key(name: str) -> None:
    """The key is part of the contract: it keeps one trade's records in order."""
    assert MESSAGES[name]["bindings"]["kafka"]["key"]["type"] == "string"


def test_headers_are_part_of_the_contract() -> None:
    """Commands may have a time and a trace, calls a trace; events have CloudEvents', dead letters ours."""
    for message in messages():
        headers = MESSAGES[message.name].get("headers")
        schema = pointed_at(headers["$ref"]) if headers else {"properties": {}, "required": []}
        match message.family:
            case Family.COMMANDS:
                assert schema["properties"].keys() == {"ce_time", "traceparent"}
                assert not schema["required"]
            case Family.EVENTS:
                expected = {
                    f"ce_{word}" for word in ("specversion", "id", "type", "source", "time", "subject")
                }
                assert set(schema["required"]) == {*expected, "content-type"}
            case Family.DEAD_LETTERS:
                assert {"paybus-reason", "kafka_dlt-original-topic"} < set(schema["required"])
            case Family.CALLS:
                assert schema["properties"].keys() == {"traceparent"}
                assert not schema["required"]
