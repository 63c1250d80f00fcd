"""One page of a list: of orders, of redemptions (docs/protocol.md §5.6, §5.10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paybus.sandbox.errors import RefusalError

MAX_PAGE_SIZE: Final = 500
"""Some 200 KB of orders: a fifth of what our own client is willing to read."""

_MAX_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Page:
    """Which entries of a list: from `begin` on, before `end`."""

    begin: int
    end: int


def read_page(parameters: Mapping[str, str], *, number: str, size: str) -> Page:
    """Read the page's number (from 1) and size; raises RefusalError."""
    page, entries = _whole(parameters, number), _whole(parameters, size)
    if entries > MAX_PAGE_SIZE:
        raise RefusalError("ILLEGAL_PARAMETER", f"{size} is above {MAX_PAGE_SIZE}")
    return Page((page - 1) * entries, page * entries)


def _whole(parameters: Mapping[str, str], name: str) -> int:
    digits = parameters.get(name, "").strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_DIGITS or int(digits) < 1:
        raise RefusalError("ILLEGAL_PARAMETER", f"{name} must be a whole number above zero")
    return int(digits)
