"""Hears what became of everything: events, dead letters and the audit trail, as they come."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from paybus.cli.reconciliation.asked import Ask
from paybus.cli.reconciliation.evidence import Letter, Told
from paybus.cli.traffic.answer import ANSWERS
from paybus.cli.traffic.reader import TopicReader
from paybus.contracts.call import GatewayCall, decode_call
from paybus.contracts.topics import Topics
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind


class Listener:
    """Keeps every record; *on_told* hears each event as it comes."""

    def __init__(self, reader: TopicReader, topics: Topics, on_told: Callable[[Told], None]) -> None:
        self.told: list[Told] = []
        self.letters: list[Letter] = []
        self.calls: list[GatewayCall] = []
        self.paid: set[tuple[str, str]] = set()
        """The trades (merchant, charge code) that were told to be paid."""
        self._answered: set[tuple[str, ...]] = set()
        self._reader = reader
        self._topics = topics
        self._on_told = on_told

    def count_answered(self, asks: Iterable[Ask]) -> int:
        """Count what was answered so far, for the display: the comparison counts for itself."""
        rejected = sum(len(one) == 1 for one in self._answered)
        names = ((ask.kind, *ask.place, ask.key if ask.kind is Kind.REFUND else "") for ask in asks)
        return rejected + len(self._answered.intersection(names))

    async def listen(self) -> None:
        """Hear on, for ever; raises aiokafka's KafkaError."""
        while True:
            await self._hear_some()

    async def catch_up(self, seconds: float) -> None:
        """Hear what is on the topics now and return; nobody else may be listening. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not await self.has_all():
                await self._hear_some()

    async def has_all(self) -> bool:
        """Say whether everything that is on the topics now was heard."""
        return await self._reader.has_all()

    async def _hear_some(self) -> None:
        for record in await self._reader.read():
            self._hear(record)

    def _hear(self, record: Any) -> None:
        if record.topic == self._topics.trade_events:
            told_at = record.timestamp / 1000
            self._hear_event(Told.read(record.value, record.headers, told_at=told_at))
        elif record.topic == self._topics.gateway_calls:
            self.calls.append(decode_call(record.value))
        else:
            self.letters.append(Letter.read(record.value, record.headers))

    def _hear_event(self, told: Told) -> None:
        self.told.append(told)
        if told.happening == Happening.TRADE_PAID:
            self.paid.add(told.place)
        if told.happening == Happening.COMMAND_REJECTED:
            self._answered.add((told.ce_id,))
        for kind in ANSWERS.get(told.happening, ()):
            self._answered.add((kind, *told.place, told.content.out_refund_no or ""))
        self._on_told(told)
