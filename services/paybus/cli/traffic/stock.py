"""How far everything is: what the ledger, the broker and the gateway's books say at one moment."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
import httpx

from paybus.cli.reconciliation.books import Books, Place
from paybus.cli.reconciliation.evidence import Sent
from paybus.cli.traffic.reader import CLIENT_ID
from paybus.contracts.topics import Topics
from paybus.ledger.book import open_operations, outbox_level
from paybus.ledger.pool import Pool
from paybus.runtime.kafka import Brokers
from paybus.trades.operation import Kind

_PENDING, _PAID = 0, 1  # docs/protocol.md §7.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What is still under way."""

    effects: int
    unread: int
    """Records that no service has committed yet."""
    open: Mapping[str, int]
    """Operations without a final answer, by state."""
    open_kinds: Mapping[str, int]
    """The same, by kind."""
    outbox: int
    waiting: int
    """Orders that wait for their customer."""
    unheard: int
    """Orders whose payment has not been told yet."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way any more."""
        return not (self.unread or self.open or self.outbox or self.waiting or self.unheard)


class Offsets:
    """What the three consumer groups have committed; reads it without joining them."""

    def __init__(self, brokers: Brokers, topics: Topics) -> None:
        self._consumers = {
            topics.commands(kind): AIOKafkaConsumer(
                **brokers.connection(CLIENT_ID), group_id=topics.commands(kind), enable_auto_commit=False
            )
            for kind in Kind
        }

    async def __aenter__(self) -> Self:
        try:
            for consumer in self._consumers.values():
                await consumer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for consumer in self._consumers.values():
            await consumer.stop()

    async def count_unread(self, sent: Sequence[Sent]) -> int:
        """Count the records of *sent* behind which no offset was committed."""
        committed = await self.committed(sent)
        positions = (record.position for record in sent)
        return sum(offset >= committed[topic, partition] for topic, partition, offset in positions)

    async def committed(self, sent: Iterable[Sent]) -> dict[tuple[str, int], int]:
        """Give the offsets (of the next record to be read) of the partitions in which *sent* is."""
        places = sorted({record.position[:2] for record in sent})
        return {
            (topic, partition): await self._consumers[topic].committed(TopicPartition(topic, partition)) or 0
            for topic, partition in places
        }


@dataclass(frozen=True, slots=True)
class Stocktaker:
    """Looks at all three."""

    pool: Pool
    offsets: Offsets
    sandbox: httpx.AsyncClient

    async def take(self, sent: Sequence[Sent], paid: frozenset[Place] | set[Place]) -> Stock:
        """Look now. Raises LedgerError, KafkaError or httpx.HTTPError."""
        unread = await self.offsets.count_unread(sent)
        books = await self.books("orders", "effects")
        states, kinds = Counter[str](), Counter[str]()
        for one in await open_operations(self.pool):
            states[one.state] += one.count
            kinds[one.kind] += one.count
        orders = books.statement.orders
        return Stock(
            effects=len(books.statement.effects),
            unread=unread,
            open=states,
            open_kinds=kinds,
            outbox=(await outbox_level(self.pool)).pending,
            waiting=sum(order.state == _PENDING for order in orders),
            unheard=sum(order.state == _PAID and order.place not in paid for order in orders),
        )

    async def books(self, *parts: str) -> Books:
        """Read the gateway's books, all of them or some parts. Raises httpx.HTTPError."""
        chosen = {"parts": ",".join(parts)} if parts else {}
        answer = await self.sandbox.get("/admin/books", params=chosen)
        return Books.read(answer.raise_for_status().content)
