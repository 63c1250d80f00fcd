"""Dead letters as services bury them, and the reader of today."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.intake.records import SENT_MS, Consumed, reader, written

from paybus.cli.dead_letter.letter import Letter
from paybus.contracts.dead_letter import dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.intake.reading import Reader
from paybus.trades.operation import Kind

COMMANDS = "paybus.pay.commands.v1"
REFUNDS = "paybus.refund.commands.v1"
NOW = datetime.fromtimestamp(SENT_MS / 1000 + 10, UTC)
"""Ten seconds after it was sent: a barcode pay is still good."""

Headers = Sequence[tuple[str, bytes | None]]


def buried(
    value: object,
    *,
    headers: Headers = (),
    key: bytes | None = b"A1",
    at: int = 0,
    error: NotACommandError | None = None,
    **origin: Any,
) -> Consumed:
    """Give the record of a letter, *at* that offset of its topic; *origin* tells another original place."""
    place = {"topic": COMMANDS, "partition": 3, "offset": 7, "timestamp_ms": SENT_MS} | origin
    error = error or NotACommandError("not_json", "the value is not JSON in UTF-8")
    value = value if value is None or isinstance(value, bytes) else written(value)
    return Consumed(
        value,
        key=key,
        headers=dead_letter_headers(headers, error=error, **place),
        topic=f"{place['topic']}.dlq",
        partition=0,
        offset=at,
    )


def letter(value: object, **changed: Any) -> Letter:
    """Give a letter."""
    return Letter.read(buried(value, **changed))


def readers() -> dict[str, Reader]:
    """Give the readers that services have today."""
    return {COMMANDS: reader(), REFUNDS: reader(Kind.REFUND)}
