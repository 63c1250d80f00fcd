"""The answers of the receiver, made once where they are always the same."""

from dataclasses import dataclass
from typing import Any, Final

from paybus.gateway.errors import CallbackRefusedError

_TEXT: Final = (b"content-type", b"text/plain;charset=UTF-8")
_UNREAD: Final = frozenset({404, 405, 408, 413})
"""Statuses of requests whose body we did not read to its end: their connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the two messages of ASGI; nobody changes them."""

    start: dict[str, Any]
    body: dict[str, Any]


def _answer(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    body = text.encode()
    length = (b"content-length", str(len(body)).encode())
    return Answer(
        {"type": "http.response.start", "status": status, "headers": [_TEXT, length, *headers]},
        {"type": "http.response.body", "body": body},
    )


def refusal(error: CallbackRefusedError) -> Answer:
    """Give the answer to a callback that is not believed: its reason, and nothing of it."""
    headers = [(b"connection", b"close")] if error.http_status in _UNREAD else []
    if error.http_status == 405:
        headers.append((b"allow", b"POST"))
    return _answer(error.http_status, error.reason, *headers)


SUCCESS: Final = _answer(200, "SUCCESS")
UNAVAILABLE: Final = _answer(503, "unavailable")
