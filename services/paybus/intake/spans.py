"""The first span of a command: from its record to the ledger (docs/traces.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from msgspec import structs

from paybus.contracts.event import Announcement
from paybus.intake.reading import Record
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.telemetry.trace import Span, Value, enter
from paybus.trades.operation import Kind

Read = Acceptance | Announcement


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way into the ledger; the ledger remembers the place of `span` as the operation's."""

    span: Span
    record: Record
    read: Read


def entered(record: Record, read: Read, kind: Kind) -> tuple[Read, Entry | None]:
    """Give what was read with its place in the sender's trace or in one that begins here."""
    place, span = enter(f"accept {kind}", read.traceparent)
    if place != read.traceparent:
        read = _placed(read, place)
    return read, None if span is None else Entry(span, record, read)


def end(entries: Iterable[Entry], accepted: Accepted, kind: Kind) -> None:
    """Say that all of them are durable, and what became of each."""
    new = {held.traceparent for held in accepted.held}
    for entry in entries:
        entry.span.end(
            {**_attributes(entry), "paybus.kind": kind.value, "paybus.result": _result(entry, new)}
        )


def _placed(read: Read, place: str | None) -> Read:
    if isinstance(read, Announcement):
        return structs.replace(read, traceparent=place)
    return replace(read, traceparent=place)


def _result(entry: Entry, new: set[str | None]) -> str:
    if isinstance(entry.read, Announcement):
        return "rejected"
    if entry.read.quiet_since is not None:
        return "doubted"
    return "accepted" if entry.read.traceparent in new else "repeated"


def _attributes(entry: Entry) -> dict[str, Value | None]:
    record = entry.record
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
        **_names(entry.read),
    }


def _names(read: Read) -> dict[str, Value | None]:
    if isinstance(read, Announcement):
        return {"paybus.charge_code": read.charge_code}
    operation = read.operation
    number = operation.key if operation.kind is Kind.REFUND else None
    return {
        "paybus.merchant_id": operation.merchant_id,
        "paybus.charge_code": operation.charge_code,
        "paybus.out_refund_no": number,
    }
