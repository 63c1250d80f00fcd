"""The gateway's times: text without a zone, always China time (UTC+8) (docs/protocol.md §4, §8 #28)."""

from datetime import UTC, datetime, timedelta, timezone
import re
from typing import Final

CHINA_TIME: Final = timezone(timedelta(hours=8))

_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d")
_EPOCH_MS = re.compile(r"[0-9]{11,13}", re.ASCII)  # 14 digits are yyyyMMddHHmmss


def write_time(moment: datetime) -> str:
    """Write *moment* (with a time zone) as `yyyy-MM-dd HH:mm:ss` in China time."""
    return moment.astimezone(CHINA_TIME).strftime(_FORMATS[0])


def read_time(text: str | None) -> datetime | None:
    """Read any form the gateway may write, epoch milliseconds included; None for nothing or nonsense.

    Without a zone it is China time; with one (ISO) it is converted.
    """
    shown = (text or "").strip()
    if _EPOCH_MS.fullmatch(shown):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(shown))).astimezone(CHINA_TIME)
    for form in _FORMATS:
        try:
            return datetime.strptime(shown, form).replace(tzinfo=CHINA_TIME)
        except ValueError:
            continue
    return _iso_time(shown)


def _iso_time(text: str) -> datetime | None:
    """Read what ISO allows besides: fractions of a second, a zone."""
    if text[4:5] != "-":  # not of its packed forms, which are codes rather than times here
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(CHINA_TIME) if moment.tzinfo else moment.replace(tzinfo=CHINA_TIME)
    except (ValueError, OverflowError):
        return None
