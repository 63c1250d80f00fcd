"""Times on the command line: China's, as the gateway's are."""

from datetime import datetime, timedelta
import re
from typing import Any, Final

import typer

from paybus.cli.gateway.question import Option
from paybus.gateway.china_time import read_time

_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_LAST_SECOND: Final = timedelta(hours=23, minutes=59, seconds=59)


def first_moment(text: str) -> datetime:
    """Read a time; a date alone is its first second. Raises typer.BadParameter."""
    moment = read_time(text)
    if moment is None:
        raise typer.BadParameter(f"{text!r} is no time: write such as 2026-01-31 or '2026-01-31 23:59:59'")
    return moment


def last_moment(text: str) -> datetime:
    """Read a time; a date alone is its last second. Raises typer.BadParameter."""
    moment = first_moment(text)
    return moment + _LAST_SECOND if _DATE.fullmatch(text.strip()) else moment


def perhaps(flag: str, text: str) -> Option:
    """Give an option for a time that need not be known."""
    return Option(
        datetime | None, typer.Option(None, flag, parser=first_moment, metavar="TIME", help=f"{text}.")
    )


def _needed(flag: str, text: str, parser: Any) -> Option:
    return Option(datetime, typer.Option(..., flag, parser=parser, metavar="TIME", help=text))


FIRST: Final = _needed("--from", "The first moment; of a date, its first second.", first_moment)
LAST: Final = _needed("--to", "The last moment; of a date, its last second.", last_moment)
