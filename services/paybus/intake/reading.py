"""From a Kafka record to what the ledger accepts, or to the reason why not."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Protocol

from paybus.contracts.command import (
    Command,
    Identity,
    amount_of,
    decode,
    encode,
    fingerprint,
    identify,
    method_of,
)
from paybus.contracts.errors import InvalidCommandError
from paybus.contracts.event import Announcement, reject
from paybus.contracts.header import read_headers
from paybus.ledger.accepted import Acceptance
from paybus.ledger.restoration import Doubt
from paybus.trades.operation import Kind, Method, Operation, OperationState

_TIMES_MS = range(946_684_800_000, 7_258_118_400_000)  # the years that `ce_time` may have: 2000 to 2199


class Record(Protocol):
    """A consumed record: the part of aiokafka's that is read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads records of one kind of command; *merchants* are the ids of those we act for.

    *doubts* says of each partition which of its records a ledger that was lost may have accepted before.
    """

    kind: Kind
    merchants: Container[str]
    expiry: timedelta
    """After this, counted from the time it was asked for, a barcode pay is not sent any more."""
    doubts: Mapping[int, Doubt] = field(default_factory=dict)

    def read(self, record: Record) -> Acceptance | Announcement:
        """Give the command, or its rejection; raises NotACommandError for a dead letter."""
        identity = identify(record.value, self.kind)
        assert record.value is not None, "a record without a value has no identity"
        if identity.merchant_id not in self.merchants:
            message = f"no merchant {identity.merchant_id} is configured; add it, then ask again"
            unknown = InvalidCommandError("merchant_unknown", message)
            return self._rejection(record, identity, unknown)
        try:
            return self._acceptance(record, decode(record.value, self.kind))
        except InvalidCommandError as error:
            return self._rejection(record, identity, error)

    def _acceptance(self, record: Record, command: Command) -> Acceptance:
        headers = read_headers(record.headers)
        asked_for_at = headers.ce_time or _moment(record.timestamp)
        doubt = self.doubts.get(record.partition)
        quiet_since = None if doubt is None else doubt.of(record.offset)
        return Acceptance(
            operation=self._operation(command, doubted=quiet_since is not None),
            command=encode(command),
            fingerprint=fingerprint(command),
            asked_for_at=asked_for_at,
            traceparent=headers.traceparent,
            expires_at=command.expires_at or self._default_expiry(command, asked_for_at),
            quiet_since=quiet_since,
        )

    def _operation(self, command: Command, *, doubted: bool) -> Operation:
        # A pay needs nobody's leave: it may be sent as soon as it is accepted. The others have guards.
        at_once = self.kind is Kind.PAY and not doubted
        state = OperationState.READY if at_once else OperationState.WAITING
        return Operation(
            merchant_id=command.merchant_id,
            kind=self.kind,
            key=command.key,
            charge_code=command.charge_code,
            method=method_of(command),
            amount_fen=amount_of(command),
            state=state,
        )

    def _default_expiry(self, command: Command, asked_for_at: datetime) -> datetime | None:
        # The customer stands at the till and the code on the screen changes; an order can wait.
        return asked_for_at + self.expiry if method_of(command) is Method.BARCODE else None

    def _rejection(self, record: Record, identity: Identity, error: InvalidCommandError) -> Announcement:
        return reject(
            self.kind,
            identity,
            reason=error.reason,
            message=error.message,
            fingerprint=blake2b(record.value or b"", digest_size=16).digest(),
            traceparent=read_headers(record.headers).traceparent,
        )


def _moment(timestamp_ms: int) -> datetime:
    """Read a record's timestamp; its producer may have set it to anything, or to nothing (-1)."""
    if timestamp_ms not in _TIMES_MS:
        return datetime.now(UTC)
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
