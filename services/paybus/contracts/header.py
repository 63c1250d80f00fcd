"""The record headers of a command, read tolerantly: a bad header never costs a command."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
import re

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class CommandHeaders:
    """What the headers of a command tell; None where they say nothing usable."""

    ce_time: datetime | None = None
    traceparent: str | None = None


def read_headers(headers: Iterable[tuple[str, bytes | None]]) -> CommandHeaders:
    """Read the CloudEvents time and the W3C trace context; null and unreadable headers are passed over."""
    texts = {name: value.decode("utf-8", "replace") for name, value in headers if value is not None}
    trace = texts.get("traceparent", "")
    return CommandHeaders(
        ce_time=_time(texts.get("ce_time")),
        traceparent=trace if _TRACEPARENT.fullmatch(trace) else None,
    )


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)
