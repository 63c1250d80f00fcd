"""The record headers of a command, read tolerantly: a bad header never costs a command."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
import re
from typing import Literal

from msgspec import Struct, field

_FIRST_YEAR, _LAST_YEAR = 2000, 2199  # other years are a broken clock, or do not fit once seconds are added
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")  # W3C: no id is zero


@dataclass(frozen=True, slots=True)
class CommandHeaders:
    """What the headers of a command tell; None where they say nothing usable."""

    ce_time: datetime | None = None
    traceparent: str | None = None


def read_headers(headers: Iterable[tuple[str, bytes | None]]) -> CommandHeaders:
    """Read the CloudEvents time and the W3C trace context; null and unreadable headers are passed over."""
    texts = {name: value.decode("utf-8", "replace") for name, value in headers if value is not None}
    return CommandHeaders(
        ce_time=_time(texts.get("ce_time")), traceparent=read_traceparent(texts.get("traceparent"))
    )


def read_traceparent(text: str | None) -> str | None:
    """Give *text* if it is a W3C trace context of version 00."""
    return text if text is not None and _TRACEPARENT.fullmatch(text) else None


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if time is None or not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class CommandHeaderTexts(Struct, frozen=True, kw_only=True):
    """The headers of a command, all optional; others are allowed."""

    ce_time: str | None = None
    """When it was asked for (RFC 3339); its age is counted from here."""
    traceparent: str | None = None
    """W3C trace context: our work appears in the sender's trace. Without, we begin one."""


class EventHeaderTexts(Struct, frozen=True, kw_only=True):
    """The headers of an event: CloudEvents 1.0 in binary mode, and the trace."""

    ce_specversion: Literal["1.0"]
    """The version of CloudEvents."""
    ce_id: str
    """Names this event for ever; a repeat has the same one, and the same bytes."""
    ce_type: str
    """What happened."""
    ce_source: str
    """Who tells it."""
    ce_time: str
    """When it happened (RFC 3339); the same in a repeat."""
    ce_subject: str
    """The trade's charge code, which is the record's key too."""
    content_type: Literal["application/json"] = field(name="content-type")
    """What the value is."""
    traceparent: str | None = None
    """W3C trace context: the command's trace, and the span of ours that caused it; the same in a repeat."""
