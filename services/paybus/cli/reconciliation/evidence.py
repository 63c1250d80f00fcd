"""Everything that is compared: what was sent, what was told on Kafka, the ledger's rows, the books."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import msgspec
from msgspec import Struct

from paybus.cli.reconciliation.books import Books, Place
from paybus.contracts.call import GatewayCall
from paybus.trades.happening import Happening
from paybus.trades.operation import OPEN, Kind, OperationState

Position = tuple[str, int, int]
"""Topic, partition and offset: which record it is."""

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One record on a command topic, as the broker took it."""

    kind: Kind
    position: Position
    value: bytes | None


class Content(Struct, frozen=True, kw_only=True):
    """What an event says, read tolerantly: of every kind of event, what is compared."""

    merchant_id: str
    charge_code: str
    version: int | None = None
    state: str | None = None
    amount_fen: int | None = None
    paid_fen: int = 0
    refunded_fen: int = 0
    out_refund_no: str | None = None
    refund_amount_fen: int | None = None
    kind: str | None = None
    reason: str | None = None
    bar_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One record on the events topic; `told_at` (Unix seconds) is when it was put there."""

    ce_id: str
    happening: str
    content: Content
    value: bytes
    headers: tuple[tuple[str, bytes | None], ...] = ()
    told_at: float = 0.0

    @classmethod
    def read(cls, value: bytes, headers: Headers, *, told_at: float = 0.0) -> Self:
        """Read a record; raises msgspec.DecodeError, msgspec.ValidationError or KeyError."""
        texts = {name: (text or b"").decode() for name, text in headers}
        content = msgspec.json.decode(value, type=Content)
        return cls(
            ce_id=texts["ce_id"],
            happening=texts["ce_type"],
            content=content,
            value=value,
            headers=tuple(headers),
            told_at=told_at,
        )

    @property
    def place(self) -> Place:
        """Which trade it is about."""
        return self.content.merchant_id, self.content.charge_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter: which record it was, and its value."""

    position: Position
    value: bytes | None

    @classmethod
    def read(cls, value: bytes | None, headers: Headers) -> Self:
        """Read a record of a dead-letter topic; raises KeyError or ValueError."""
        texts = {name: (text or b"").decode("utf-8", "replace") for name, text in headers}
        topic, partition, offset = (texts[f"kafka_dlt-original-{name}"] for name in _ORIGIN)
        return cls(position=(topic, int(partition), int(offset)), value=value)


_ORIGIN = ("topic", "partition", "offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """One accepted command in the ledger."""

    merchant_id: str
    kind: Kind
    key: str
    charge_code: str
    state: OperationState
    fingerprint: bytes
    answer_id: str | None

    @property
    def place(self) -> Place:
        """Which trade it concerns."""
        return self.merchant_id, self.charge_code

    @property
    def is_open(self) -> bool:
        """Whether it has no final answer yet, and is being worked on or asked about."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One trade in the ledger; money in fen."""

    merchant_id: str
    charge_code: str
    paid_fen: int
    refunded_fen: int
    reserved_fen: int

    @property
    def place(self) -> Place:
        """Which trade it is."""
        return self.merchant_id, self.charge_code


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it; records are in the order of their partitions."""

    sent: Sequence[Sent] = ()
    told: Sequence[Told] = ()
    letters: Sequence[Letter] = ()
    calls: Sequence[GatewayCall] = ()
    operations: Sequence[OperationRow] = ()
    trades: Sequence[TradeRow] = ()
    books: Books = field(default_factory=Books)
    committed: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """By topic and partition, the offset up to which (exclusive) Kafka will not give records again."""

    @cached_property
    def events(self) -> dict[str, Told]:
        """Each event once, by its id, in the order in which it was first told."""
        events: dict[str, Told] = {}
        for told in self.told:
            events.setdefault(told.ce_id, told)
        return events

    @cached_property
    def history(self) -> dict[Place, list[Told]]:
        """The events of each trade, each once, in the order in which they were first told."""
        history: dict[Place, list[Told]] = {}
        for event in self.events.values():
            history.setdefault(event.place, []).append(event)
        return history

    @cached_property
    def standing(self) -> dict[tuple[str, Kind, str], OperationRow]:
        """The accepted commands by merchant, kind and key."""
        return {(row.merchant_id, row.kind, row.key): row for row in self.operations}

    @cached_property
    def open_places(self) -> frozenset[Place]:
        """The trades of which something is still open: the last word about them is not told yet."""
        return frozenset(row.place for row in self.operations if row.is_open)

    def told_of(self, place: Place, happenings: Iterable[Happening]) -> list[Told]:
        """Give the events of those types about a trade."""
        wanted = frozenset(happenings)
        return [event for event in self.history.get(place, ()) if event.happening in wanted]
