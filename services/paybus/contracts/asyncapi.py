"""The AsyncAPI 3.0 document: which topic carries what, under which key and headers, and who writes it."""

from collections.abc import Iterable
import json
from typing import Any, Final

import msgspec

from paybus.contracts.call import CallHeaderTexts
from paybus.contracts.header import CommandHeaderTexts, EventHeaderTexts
from paybus.contracts.message import CALL, DEAD_LETTER, Family, Message, command_message, event_message
from paybus.contracts.shape import Schema, shapes_of
from paybus.contracts.topics import Topics
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

VERSION: Final = "1.0.0"
"""Of the messages. A change that is not compatible makes new topics (`.v2`)."""

_HEADERS: Final[dict[Family, type[Any]]] = {
    Family.COMMANDS: CommandHeaderTexts,
    Family.EVENTS: EventHeaderTexts,
    Family.CALLS: CallHeaderTexts,
}
_SCHEMA = "#/components/schemas/{name}"
_KEY = {"type": "string", "description": "The trade's charge code: one trade's records stay in order."}
_ANY = {"description": "The original value, byte for byte; it may be anything, and may be missing."}


def asyncapi() -> Schema:
    """Build the document for topics with the default prefix."""
    channels = _channels()
    carried = {message.name: message for _, _, several in channels.values() for message in several}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Paybus",
            "version": VERSION,
            "description": "Pay, refund and cancel commands in; what became of trades out. "
            "All topics have a configurable prefix.",
        },
        "defaultContentType": "application/json",
        "channels": {
            topic: _channel(topic, purpose, several) for topic, (_, purpose, several) in channels.items()
        },
        "operations": {
            f"{action}.{topic}": _operation(topic, action, several)
            for topic, (action, _, several) in channels.items()
        },
        "components": {
            "messages": {name: _message(message) for name, message in carried.items()},
            "schemas": _schemas(carried.values()),
        },
    }


_Channel = tuple[str, str, list[Message]]


def _channels() -> dict[str, _Channel]:
    """Give what we do on each topic, what it is for, and what it carries."""
    topics = Topics()
    commands = {
        topics.commands(kind): ("receive", f"What is asked: {kind}.", [command_message(kind)])
        for kind in Kind
    }
    letters = {
        topics.dead_letters(kind): ("send", f"Records that are no {kind} commands.", [DEAD_LETTER])
        for kind in Kind
    }
    return {
        **commands,
        **letters,
        topics.trade_events: ("send", "What became of trades.", [*map(event_message, Happening)]),
        topics.gateway_calls: ("send", "One record for each HTTP request to the gateway.", [CALL]),
    }


def _channel(topic: str, purpose: str, several: list[Message]) -> Schema:
    carried = {message.name: {"$ref": f"#/components/messages/{message.name}"} for message in several}
    return {"address": topic, "description": purpose, "messages": carried}


def _operation(topic: str, action: str, several: list[Message]) -> Schema:
    channel = f"#/channels/{topic}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{message.name}"} for message in several],
    }


def _message(message: Message) -> Schema:
    described = {
        "name": message.name,
        "title": message.title,
        "summary": message.when or message.model.__doc__,
        "bindings": {"kafka": {"key": _KEY, "bindingVersion": "0.5.0"}},
    }
    shape = {"$ref": _SCHEMA.format(name=message.model.__name__)}
    if message is DEAD_LETTER:
        return {**described, "contentType": "application/octet-stream", "headers": shape, "payload": _ANY}
    headers = _HEADERS.get(message.family)
    named = {"headers": {"$ref": _SCHEMA.format(name=headers.__name__)}} if headers else {}
    return {**described, **named, "payload": shape, "examples": _examples(message)}


def _examples(message: Message) -> list[Schema]:
    return [{"payload": json.loads(msgspec.json.encode(example))} for example in message.examples]


def _schemas(carried: Iterable[Message]) -> dict[str, Schema]:
    models = {message.model for message in carried} | set(_HEADERS.values())
    shapes: dict[str, Schema] = {}
    for model in models:
        shapes |= shapes_of(model, reference=_SCHEMA)
    return dict(sorted(shapes.items()))
