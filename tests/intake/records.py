"""Records as a consumer gets them, and the reader of one kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
import json
from typing import Any

from paybus.intake.reading import Reader
from paybus.trades.operation import Kind

MERCHANT = "0010000001"
SENT_MS = 1_767_323_045_000
"""2026-01-02T03:04:05Z: when the producer says that it sent them."""

PAY: dict[str, Any] = {
    "merchant_id": MERCHANT,
    "charge_code": "A1",
    "method": "barcode",
    "amount_fen": 15800,
    "subject": "Tea",
    "auth_code": "280000000000000001",
}
ORDER: dict[str, Any] = {
    "merchant_id": MERCHANT,
    "charge_code": "A1",
    "method": "native",
    "amount_fen": 15800,
    "subject": "Tea",
    "channel_type": 1,
}
REFUND: dict[str, Any] = {
    "merchant_id": MERCHANT,
    "charge_code": "A1",
    "out_refund_no": "R1",
    "amount_fen": 5000,
    "subject": "Returned",
}
CANCEL: dict[str, Any] = {"merchant_id": MERCHANT, "charge_code": "A1"}


@dataclass
class Consumed:
    """A record with the part of aiokafka's that is read."""

    value: bytes | None
    key: bytes | None = b"A1"
    headers: Sequence[tuple[str, bytes | None]] = ()
    topic: str = "paybus.pay.commands.v1"
    partition: int = 3
    offset: int = 7
    timestamp: int = SENT_MS


def written(document: object) -> bytes:
    """Write a command as order services do."""
    return json.dumps(document, ensure_ascii=False).encode()


def record(document: object, **changed: Any) -> Consumed:
    """Give the record of a command."""
    return Consumed(written(document), **changed)


def reader(kind: Kind = Kind.PAY) -> Reader:
    """Give a reader for the merchant MERCHANT."""
    return Reader(kind=kind, merchants={MERCHANT}, expiry=timedelta(seconds=80))
