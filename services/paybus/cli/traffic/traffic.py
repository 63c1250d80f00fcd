"""The whole traffic of a run: seeded, so that a run can be had again."""

from collections.abc import Sequence
from random import Random
from typing import Final

from paybus.cli.reconciliation.asked import Ask, read_asked
from paybus.cli.reconciliation.evidence import Sent
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.oddity import conflicting, unacceptable, unreadable, with_bad_headers
from paybus.cli.traffic.script import plan_storm, plan_trade
from paybus.trades.operation import Kind

REPEATED: Final = 0.10
"""Share of commands that are sent twice, half of them at once and half when they are answered."""

_BAD_HEADERS: Final = 0.02
_STORMS: Final = 2
_CONFLICTS: Final = 5


def make_traffic(seed: int, commands: int, merchant_ids: Sequence[str]) -> tuple[Message, ...]:
    """Give at least *commands* commands for *merchant_ids*, besides repeats and records that are none."""
    chance = Random(seed)
    planned: list[Message] = []
    number = 0
    while len(planned) < commands:
        merchant_id = merchant_ids[number % len(merchant_ids)]
        code = f"R{seed}-{number:06}"
        storm = number < _STORMS
        planned += plan_storm(merchant_id, code) if storm else plan_trade(chance, merchant_id, code)
        number += 1
    odd = _odd(merchant_ids[0], f"R{seed}-ODD")
    spread = [message for one in planned for message in _sent(chance, one)]
    return (*_strewn(chance, spread, odd), *conflicting(_first_pays(planned)))


def asks_of(traffic: Sequence[Message]) -> tuple[Ask, ...]:
    """Give what will be answered: each content under its key, however often it is sent."""
    records = (Sent(kind=one.kind, position=("", 0, 0), value=one.value) for one in traffic)
    return read_asked(records).asks


def _sent(chance: Random, message: Message) -> list[Message]:
    """Give the message as it is sent: perhaps twice, perhaps under bad headers."""
    if chance.random() < _BAD_HEADERS:
        message = with_bad_headers(message)
    if chance.random() >= REPEATED:
        return [message]
    at_once = chance.random() < 0.5
    return [message, message.again(message.when if at_once else When.AT_LAST)]


def _odd(merchant_id: str, code: str) -> list[Message]:
    refused = unacceptable(merchant_id, f"{code}U")
    return [*unreadable(merchant_id, f"{code}D"), *refused, *(one.again(When.AT_LAST) for one in refused)]


def _strewn(chance: Random, messages: list[Message], odd: Sequence[Message]) -> list[Message]:
    for one in odd:
        messages.insert(chance.randint(0, len(messages)), one)
    return messages


def _first_pays(planned: Sequence[Message]) -> list[Message]:
    return [message for message in planned if message.kind is Kind.PAY][:_CONFLICTS]
