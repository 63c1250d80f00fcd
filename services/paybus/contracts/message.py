"""Every message of ours: on which topic, of which shape, when it is sent, and an example."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Final

from msgspec import Struct

from paybus.contracts.call import GatewayCall
from paybus.contracts.command import COMMANDS
from paybus.contracts.dead_letter import DeadLetterHeaders
from paybus.contracts.event import EVENTS
from paybus.contracts.example import (
    CALL_EXAMPLES,
    COMMAND_EXAMPLES,
    DEAD_LETTER_EXAMPLES,
    event_example,
)
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind


@unique
class Family(StrEnum):
    """The folders of schemas/."""

    COMMANDS = "commands"
    EVENTS = "events"
    CALLS = "calls"
    DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message; `name` is its file's."""

    family: Family
    name: str
    title: str
    model: type[Any]
    examples: tuple[Struct, ...]
    when: str = ""
    """In which case it is sent, where the model is shared by several messages."""


WHEN: Final[dict[Happening, str]] = {
    Happening.TRADE_CREATED: "The gateway made an order (native, jsapi, app), and it waits for the customer.",
    Happening.TRADE_PAID: "The customer has paid; the gateway said so.",
    Happening.TRADE_DECLINED: "A payment did not happen and will not: the gateway said no, or never got it.",
    Happening.TRADE_UNKNOWN: "A pay was sent and nobody can say yet what became of it; we keep asking.",
    Happening.TRADE_REVOKED: "The trade is revoked: nothing is paid, or what was paid went back.",
    Happening.TRADE_REVOCATION_REQUESTED: "A revocation was applied for; the gateway has yet to decide.",
    Happening.TRADE_CLOSED: "The gateway closed the trade: it can be neither paid nor refunded any more.",
    Happening.TRADE_PARTIALLY_REFUNDED: "A refund succeeded, and a part of what was paid is left.",
    Happening.TRADE_REFUNDED: "A refund succeeded, and nothing of what was paid is left.",
    Happening.TRADE_DISCREPANCY: "The gateway contradicts what it said before; the books stay, look into it.",
    Happening.REFUND_ACCEPTED: "The gateway took a refund and is still working on it.",
    Happening.REFUND_SUCCEEDED: "The money of a refund went back; an event about the trade follows.",
    Happening.REFUND_FAILED: "A refund did not happen and will not: no money moved.",
    Happening.REFUND_UNKNOWN: "A refund was sent and nobody can say yet what became of it; we keep asking.",
    Happening.CALLBACK_UNMATCHED: "A callback with a right sign names a trade for which no pay came.",
    Happening.COMMAND_REJECTED: "A command was refused, and moved nothing.",
}


def command_message(kind: Kind) -> Message:
    """Give the message that asks for an operation of *kind*."""
    return Message(
        Family.COMMANDS, f"{kind}.commands.v1", f"{kind} command", COMMANDS[kind], COMMAND_EXAMPLES[kind]
    )


def event_message(happening: Happening) -> Message:
    """Give the message that tells of *happening*."""
    return Message(
        Family.EVENTS,
        happening.value,
        happening.value,
        EVENTS[happening],
        (event_example(happening),),
        WHEN[happening],
    )


CALL: Final = Message(Family.CALLS, "gateway.calls.v1", "gateway call", GatewayCall, CALL_EXAMPLES)
DEAD_LETTER: Final = Message(
    Family.DEAD_LETTERS, "dead-letter", "dead letter headers", DeadLetterHeaders, DEAD_LETTER_EXAMPLES
)


def messages() -> Iterator[Message]:
    """Give every message, commands first."""
    yield from map(command_message, Kind)
    yield from map(event_message, Happening)
    yield CALL
    yield DEAD_LETTER
