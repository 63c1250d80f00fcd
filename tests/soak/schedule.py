"""What is asked for and when: an open schedule, so that a slow answer delays nobody's next command."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.oddity import conflicting, unacceptable, unreadable, with_bad_headers
from paybus.cli.traffic.script import plan_storm, plan_trade

REPEATED = 0.10
"""Share of records that are sent twice, half of them at once and half later."""

_STORMS, _ODDITIES, _CONFLICTS, _BAD_HEADERS = 0.001, 0.01, 0.005, 0.02  # shares of trades; of records
_DELAYS = {
    When.AT_ONCE: (0.0, 0.0),
    When.ONCE_CREATED: (0.5, 2.0),  # most customers have not paid yet
    When.ONCE_ENDED: (3.0, 10.0),  # most have
    When.AT_LAST: (5.0, 30.0),
}
"""Seconds after its trade's first record, whatever became of that until then."""


@dataclass(frozen=True, slots=True)
class Due:
    """One record and when it is to be sent, in seconds from the beginning."""

    at_seconds: float
    message: Message


def plan(seed: int, *, rate: float, seconds: float, merchant_ids: Sequence[str]) -> list[Due]:
    """Give *rate* records a second at an even pace; the same seed plans the same.

    In each slot goes what is due of trades that have begun, or else a new one begins.
    """
    chance = Random(seed)
    trades = _trades(chance, merchant_ids, prefix=f"S{seed}")
    waiting: list[tuple[float, int, Message]] = []
    numbers = count()
    planned = []
    for slot in range(int(rate * seconds)):
        now = slot / rate
        if not waiting or waiting[0][0] > now:
            for message in next(trades):
                heappush(waiting, (now + _delay(chance, message), next(numbers), message))
        planned.append(Due(now, heappop(waiting)[2]))
    return planned


def _trades(chance: Random, merchant_ids: Sequence[str], *, prefix: str) -> Iterator[list[Message]]:
    for number in count():
        yield _trade(chance, merchant_ids[number % len(merchant_ids)], f"{prefix}-{number:06}")


def _trade(chance: Random, merchant_id: str, code: str) -> list[Message]:
    """Give a trade's records; the first is to be sent at once."""
    storm = chance.random() < _STORMS
    planned = plan_storm(merchant_id, code) if storm else plan_trade(chance, merchant_id, code)
    if chance.random() < _CONFLICTS:
        planned += conflicting(planned[:1])
    if chance.random() < _ODDITIES:
        odd = [*unreadable(merchant_id, f"{code}D"), *unacceptable(merchant_id, f"{code}U")]
        planned.append(chance.choice(odd))
    return [message for one in planned for message in _sent(chance, one)]


def _sent(chance: Random, message: Message) -> list[Message]:
    if chance.random() < _BAD_HEADERS:
        message = with_bad_headers(message)
    if chance.random() >= REPEATED:
        return [message]
    at_once = chance.random() < 0.5
    return [message, message.again(message.when if at_once else When.AT_LAST)]


def _delay(chance: Random, message: Message) -> float:
    return chance.uniform(*_DELAYS[message.when])
