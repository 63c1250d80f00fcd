"""Made-up trades at a steady pace, as a shop has them: what pictures and figures over time are made of."""

import asyncio
from collections.abc import Sequence
from itertools import count
from random import Random
import time

from paybus.cli.embedded.merchant_files import MERCHANTS
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.oddity import unacceptable, unreadable
from paybus.cli.traffic.script import plan_trade
from paybus.cli.traffic.sender import Sender
from paybus.contracts.topics import Topics
from paybus.runtime.kafka import Brokers, open_producer

TRADES_A_SECOND = 12
"""About 20 commands a second: enough for smooth lines, little for one core."""
TICK_SECONDS = 0.25
FOLLOWS_AFTER_SECONDS = 3.0
"""After this long an order service cancels or refunds; most customers have paid by then."""
REPEATED = 0.05
ODD = 0.01
"""Shares of what is sent twice, and of trades beside which somebody sends what is no command."""


class Load:
    """Sends until it is told to stop; the same *seed* sends the same."""

    def __init__(self, bootstrap: str, *, seed: int = 1) -> None:
        self._brokers = Brokers(bootstrap)
        self._chance = Random(seed)
        self._numbers = count()
        self._later: list[tuple[float, Message]] = []

    async def run(self, seconds: float) -> None:
        """Send for so long."""
        async with open_producer(self._brokers, client_id="shop") as producer:
            sender = Sender(producer, Topics())
            begun = time.monotonic()
            while (passed := time.monotonic() - begun) < seconds:
                await sender.send([*self._new(), *self._due(passed)])
                await asyncio.sleep(TICK_SECONDS)

    def _new(self) -> Sequence[Message]:
        planned = [self._trade() for _ in range(round(TRADES_A_SECOND * TICK_SECONDS))]
        return [message for trade in planned for message in trade]

    def _trade(self) -> Sequence[Message]:
        number = next(self._numbers)
        merchant_id, code = MERCHANTS[number % len(MERCHANTS)].merchant_id, f"S{number:06}"
        messages = plan_trade(self._chance, merchant_id, code)
        now = [message for message in messages if message.when is When.AT_ONCE]
        after = time.monotonic() + FOLLOWS_AFTER_SECONDS
        self._later += [(after, message) for message in messages if message.when is not When.AT_ONCE]
        if self._chance.random() < REPEATED:
            now *= 2
        if self._chance.random() < ODD:
            now += [*unreadable(merchant_id, f"{code}D")[:1], *unacceptable(merchant_id, f"{code}U")[:1]]
        return now

    def _due(self, _passed: float) -> Sequence[Message]:
        now = time.monotonic()
        due = [message for at, message in self._later if at <= now]
        self._later = [(at, message) for at, message in self._later if at > now]
        return due
