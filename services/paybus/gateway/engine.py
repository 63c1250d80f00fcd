"""The HTTP engines below the client. The port is httpx's transport: one method, request in, response out.

Requests go straight to the engine: no cookies, redirects, decompression, proxies or repeats in
between. An engine raises httpx's transport errors, never repeats a request that may have arrived,
and never hands a late answer to another call.
"""

from datetime import timedelta
from typing import Any, Final, Literal

import httpx
from pyreqwest import exceptions
from pyreqwest.client import ClientBuilder
from pyreqwest.response import Response

EngineName = Literal["pyreqwest", "httpcore"]

MAX_REPLY_BYTES: Final = 1024 * 1024
"""A page of a batch query with some hundred orders takes a tenth of this."""

_IDLE_SECONDS: Final = 20  # below the 60 s and more after which servers and proxies drop idle connections
_MAX_CONNECTIONS: Final = 100  # httpcore's work per call grows with its pool


class ReplyTooLargeError(httpx.TransportError):
    """The reply is larger than the engine was told to hold."""


def make_engine(name: EngineName = "pyreqwest", *, connect_seconds: float = 3.0) -> httpx.AsyncBaseTransport:
    """Make the engine of that *name*; close it with `aclose()`.

    `pyreqwest` is for load; `httpcore` is httpx's own pure Python, good for up to a hundred calls in flight.
    """
    if name == "pyreqwest":
        return PyreqwestEngine(connect_seconds=connect_seconds)
    limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
    return httpx.AsyncHTTPTransport(limits=limits, retries=0)


class PyreqwestEngine(httpx.AsyncBaseTransport):
    """httpx requests on Rust's reqwest. A reply is read whole, up to *max_reply_bytes*.

    The request's `target` extension (path and query, ASCII) stands in for the URL's own, as in httpx.
    Its `timeout` extension bounds the whole exchange to the sum of `connect` and `read` (seconds).

    Cancelling the caller does not stop reqwest, which works in a thread of its own: a request that
    waits for its connection may still be sent, for as long as connecting may take. The bound above
    is what ends an abandoned exchange; its answer is thrown away.
    """

    def __init__(self, *, connect_seconds: float = 3.0, max_reply_bytes: int = MAX_REPLY_BYTES) -> None:
        self._max_reply_bytes = max_reply_bytes
        self._client = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=connect_seconds))
            .pool_idle_timeout(timedelta(seconds=_IDLE_SECONDS))
            .follow_redirects(enable=False)
            .referer(enable=False)
            .no_proxy()
            .gzip(enable=False)
            .brotli(enable=False)
            .zstd(enable=False)
            .deflate(enable=False)
            .build()
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* once and give its complete reply; raises httpx.TransportError."""
        builder = self._client.request(request.method, _url(request)).headers(request.headers.multi_items())
        if body := await _body(request):
            builder = builder.body_bytes(body)
        if timeout := request.extensions.get("timeout"):
            builder = builder.timeout(timedelta(seconds=timeout["connect"] + timeout["read"]))
        try:
            async with builder.build_streamed() as response:
                return httpx.Response(
                    response.status,
                    headers=list(response.headers.items()),
                    stream=httpx.ByteStream(await self._read(response)),
                )
        except exceptions.PyreqwestError as error:
            # Not chained: reqwest's messages hold the URL, and with it the sign.
            raise _translated(error) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _read(self, response: Response) -> bytes:
        parts: list[bytes] = []
        room = self._max_reply_bytes
        while (chunk := await response.body_reader.read_chunk()) is not None:
            part = chunk.to_bytes()
            room -= len(part)
            if room < 0:
                raise ReplyTooLargeError(f"a reply of more than {self._max_reply_bytes} bytes")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _url(request: httpx.Request) -> str:
    target: Any = request.extensions.get("target")
    if target is None:
        return str(request.url)
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii')}{target.decode('ascii')}"


async def _body(request: httpx.Request) -> bytes:
    if isinstance(request.stream, httpx.ByteStream):
        return b"".join(request.stream)
    return await request.aread()


def _translated(error: exceptions.PyreqwestError) -> httpx.TransportError:
    """Say in httpx's words what happened; only what certainly failed before sending is a connect error."""
    match error:
        case exceptions.ConnectTimeoutError() if _while_connecting(error):
            return httpx.ConnectTimeout("connecting took too long")
        case exceptions.ConnectError() if _while_connecting(error):
            return httpx.ConnectError("no connection could be made")
        case exceptions.PoolTimeoutError():
            return httpx.PoolTimeout("no connection was free")
        case exceptions.BuilderError():  # refused while the request was built: nothing was sent
            return httpx.UnsupportedProtocol("the request cannot be sent")
        case exceptions.RequestTimeoutError():
            return httpx.ReadTimeout("no reply in time")
        case _:
            return httpx.ReadError(f"the exchange broke off ({type(error).__name__})")


def _while_connecting(error: exceptions.DetailedPyreqwestError) -> bool:
    """Say whether the connection failed to be made, and did not break later.

    pyreqwest's ConnectError covers both: also a connection that the server closed after it had read
    the whole request. Only the Connect stage in the chain of causes proves that nothing was sent.
    """
    causes = error.details["causes"] or []
    return any(cause["message"] == "client error (Connect)" for cause in causes)
