"""Dead letters: the original record, and headers that say where it came from and why it is here.

The header names are Spring Kafka's, as text, so that its tools and habits work.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from paybus.contracts.errors import NotACommandError

Headers = Sequence[tuple[str, bytes | None]]


def dead_letter_headers(
    original: Headers, *, topic: str, partition: int, offset: int, timestamp_ms: int, error: NotACommandError
) -> list[tuple[str, bytes | None]]:
    """Give the headers of a dead letter: all the original ones unchanged, then ours."""
    added = {
        "kafka_dlt-original-topic": topic,
        "kafka_dlt-original-partition": str(partition),
        "kafka_dlt-original-offset": str(offset),
        "kafka_dlt-original-timestamp": str(timestamp_ms),
        "kafka_dlt-exception-fqcn": type(error).__name__,
        "kafka_dlt-exception-message": error.message,
        "paybus-reason": error.reason,
        "paybus-dead-since": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    return [*original, *((name, text.encode()) for name, text in added.items())]
