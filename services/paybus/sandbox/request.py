"""A request as it came over HTTP, before anything of it is believed (docs/protocol.md §1)."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, unquote_plus

from paybus.sandbox.errors import RefusalError

MAX_BODY_BYTES: Final = 256 * 1024
"""A refund has half a kilobyte; an order with a hundred goods, encrypted, some fifty."""

_MAX_PARAMETERS = 50  # the protocol's longest query has twelve


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Path segments behind the operation's name, decoded parameters, body as sent, server's own name."""

    segments: tuple[str, ...]
    parameters: dict[str, str]
    body: bytes
    host: str


def read_segments(raw: list[bytes]) -> tuple[str, ...]:
    """Decode path segments; raises RefusalError for what is not UTF-8."""
    try:
        return tuple(
            unquote(part.decode("ascii"), errors="strict") if b"%" in part else part.decode() for part in raw
        )
    except UnicodeDecodeError:
        raise RefusalError("ILLEGAL_PARAMETER", "the path is not UTF-8") from None


def read_parameters(query: bytes) -> dict[str, str]:
    """Decode the query: any order, raw or encoded, the first of equal repeats (docs/protocol.md §8 #9).

    Raises RefusalError for a parameter that is given twice with different values.
    """
    parameters: dict[str, str] = {}
    pairs = query.decode("latin-1").split("&", _MAX_PARAMETERS)
    for pair in pairs[:_MAX_PARAMETERS]:
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        if name and parameters.setdefault(name, value) != value:
            raise RefusalError("ILLEGAL_PARAMETER", "a parameter is given twice with different values")
    if len(pairs) > _MAX_PARAMETERS:
        raise RefusalError("ILLEGAL_PARAMETER", "too many parameters")
    return parameters
