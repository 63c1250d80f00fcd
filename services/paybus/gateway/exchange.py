"""One HTTP exchange with the gateway: send once, wait, and say what is known if no answer came.

Nothing is ever repeated here; nothing is logged.
"""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from paybus.gateway.document import Format
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.engine import MAX_REPLY_BYTES, ReplyTooLargeError
from paybus.gateway.errors import (
    ConnectFailedError,
    ConnectionLostError,
    OversizedReplyError,
    ReplyTimeoutError,
)
from paybus.gateway.reply import RawReply

CONTENT_TYPES: Final[Mapping[Format, bytes]] = {
    "json": b"application/json;charset=UTF-8",
    "xml": b"text/xml",
}
"""What the vendor's client and XML users in the field send (docs/protocol.md §1.1)."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait. The gateway may hold a pay until the customer has typed a PIN: up to 80 s."""

    connect_seconds: float = 3.0
    pay_seconds: float = 90.0
    other_seconds: float = 15.0

    def of(self, endpoint: Endpoint) -> dict[str, float]:
        """Give the waits of one exchange in httpx's words."""
        read = self.pay_seconds if endpoint.patient else self.other_seconds
        return {"connect": self.connect_seconds, "pool": self.connect_seconds, "read": read, "write": read}


DEFAULT_TIMEOUTS: Final = Timeouts()


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a POST as it goes over the wire; `format` is what it is before encryption."""

    data: bytes
    format: Format = "json"


class Exchange:
    """Sends to one base URL through an engine that it does not own."""

    def __init__(self, base_url: str, engine: httpx.AsyncBaseTransport, timeouts: Timeouts) -> None:
        self._engine = engine
        self._timeouts = timeouts
        self._url = httpx.URL(base_url)
        self._base = urlsplit(base_url).path
        self._headers = [(b"Host", self._url.netloc), (b"Accept", b"*/*"), (b"User-Agent", b"paybus")]

    async def send(self, endpoint: Endpoint, target: str, body: Body | None = None) -> RawReply:
        """POST *body*, or GET without one, *target* below the base; raises NotSentError, NoAnswerError."""
        waits = self._timeouts.of(endpoint)
        money = endpoint.moves_money
        try:
            async with asyncio.timeout(waits["connect"] + waits["read"]):
                request = self._request(target, body, waits)
                return await _received(await self._engine.handle_async_request(request))
        except _NOT_SENT as error:
            raise ConnectFailedError(f"{endpoint.name}: {type(error).__name__}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ReplyTimeoutError(f"{endpoint.name}: no reply in time", moves_money=money) from error
        except ReplyTooLargeError as error:
            raise OversizedReplyError(f"{endpoint.name}: {error}", moves_money=money) from error
        except httpx.TransportError as error:
            message = f"{endpoint.name}: {type(error).__name__}"
            raise ConnectionLostError(message, moves_money=money) from error

    def _request(self, target: str, body: Body | None, waits: dict[str, float]) -> httpx.Request:
        headers = self._headers
        if body is not None:
            kind, length = CONTENT_TYPES[body.format], str(len(body.data)).encode()
            headers = [*headers, (b"Content-Type", kind), (b"Content-Length", length)]
        return httpx.Request(
            "GET" if body is None else "POST",
            self._url,  # parsed once; the `target` extension replaces its path and query
            headers=headers,
            stream=httpx.ByteStream(body.data if body else b""),
            extensions={"target": (self._base + target).encode("ascii"), "timeout": waits},
        )


async def _received(response: httpx.Response) -> RawReply:
    """Read the body as it is on the wire, up to MAX_REPLY_BYTES; raises httpx.TransportError."""
    parts: list[bytes] = []
    room = MAX_REPLY_BYTES
    stream = response.stream
    assert isinstance(stream, AsyncIterable)
    try:
        async for part in stream:
            room -= len(part)
            if room < 0:
                raise ReplyTooLargeError(f"a reply of more than {MAX_REPLY_BYTES} bytes")
            parts.append(part)
    finally:
        await response.aclose()
    return RawReply(response.status_code, b"".join(parts), response.headers.get("Content-Type", ""))
