"""The gateway's client: one object a merchant, one method an operation, one HTTP request a call.

A call returns a typed reply or raises one of this room's errors, which says whether money may have
moved. Nothing is ever repeated here: after a NoAnswerError the caller asks (`query`) before anything
else. The client keeps no state between calls and logs nothing.
"""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
import time
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from paybus.gateway import cancel, order, pay, query, refund
from paybus.gateway.cipher import encrypt
from paybus.gateway.document import write_json
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.engine import MAX_REPLY_BYTES, ReplyTooLargeError
from paybus.gateway.errors import (
    ConnectFailedError,
    ConnectionLostError,
    DocumentError,
    InvalidParameterError,
    OversizedReplyError,
    ReplyTimeoutError,
)
from paybus.gateway.merchant import Merchant
from paybus.gateway.reply import Answer, RawReply, read_answer
from paybus.gateway.target import Get, get_query, post_query

_JSON: Final = b"application/json;charset=UTF-8"
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


def wall_clock_ms() -> int:
    """Give the Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class GatewayClient:
    """Speaks for one merchant through an *engine* that it does not own."""

    def __init__(
        self,
        merchant: Merchant,
        engine: httpx.AsyncBaseTransport,
        *,
        timeouts: Timeouts = Timeouts(),
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.merchant = merchant
        self._engine = engine
        self._timeouts = timeouts
        self._now_ms = now_ms
        self._url = httpx.URL(merchant.base_url)
        self._base = urlsplit(merchant.base_url).path
        self._headers = [
            (b"Host", self._url.netloc),
            (b"Accept", b"*/*"),
            (b"User-Agent", b"paybus"),
        ]

    async def pay(self, request: pay.PayRequest) -> pay.PayReply:
        """Take a payment from a scanned code; SUCCESS means paid. Raises GatewayError."""
        return pay.read(await self._post(pay.PAY, pay.write(request, self.merchant)))

    async def order(self, request: order.OrderRequest) -> order.OrderReply:
        """Create an order for the customer to pay; SUCCESS means created. Raises GatewayError."""
        return order.read(await self._post(order.ORDER, order.write(request, self.merchant)))

    async def refund(self, request: refund.RefundRequest) -> refund.RefundReply:
        """Give money back; SUCCESS means taken. Raises GatewayError."""
        return refund.read(await self._post(refund.REFUND, refund.write(request, self.merchant)))

    async def query(self, request: query.QueryRequest) -> query.QueryReply:
        """Ask what became of an order or refund. Raises GatewayError."""
        return query.read(await self._get(query.QUERY, query.write(request, self.merchant)))

    async def cancel(self, request: cancel.CancelRequest) -> cancel.CancelReply:
        """Revoke an order. Raises GatewayError."""
        return cancel.read(await self._get(cancel.CANCEL, cancel.write(request, self.merchant)))

    async def _post(self, endpoint: Endpoint, members: dict[str, Any]) -> Answer:
        try:
            plain = write_json(members)
        except DocumentError as error:
            raise InvalidParameterError(str(error)) from error
        tail = post_query(plain, self.merchant, timestamp_ms=self._now_ms())
        body = encrypt(plain, key=self.merchant.key).encode() if self.merchant.encrypt else plain
        return await self._exchange(endpoint, self._request(endpoint, f"{endpoint.path}?{tail}", body))

    async def _get(self, endpoint: Endpoint, get: Get) -> Answer:
        tail = get_query(get, self.merchant, timestamp_ms=self._now_ms())
        return await self._exchange(endpoint, self._request(endpoint, f"{get.path}?{tail}", None))

    def _request(self, endpoint: Endpoint, target: str, body: bytes | None) -> httpx.Request:
        """Make a POST of *body*, or a GET if there is none. The base URL is parsed once, not here."""
        headers = self._headers
        if body is not None:
            headers = [*headers, (b"Content-Type", _JSON), (b"Content-Length", str(len(body)).encode())]
        return httpx.Request(
            "GET" if body is None else "POST",
            self._url,  # the `target` extension replaces its path and query
            headers=headers,
            stream=httpx.ByteStream(body or b""),
            extensions={
                "target": (self._base + target).encode("ascii"),
                "timeout": self._timeouts.of(endpoint),
            },
        )

    async def _exchange(self, endpoint: Endpoint, request: httpx.Request) -> Answer:
        """Send once, wait as long as the operation may take, and read; raises GatewayError."""
        waits = self._timeouts.of(endpoint)
        money = endpoint.moves_money
        try:
            async with asyncio.timeout(waits["connect"] + waits["read"]):
                raw = await _received(await self._engine.handle_async_request(request))
        except _NOT_SENT as error:
            raise ConnectFailedError(f"{endpoint.name}: {type(error).__name__}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ReplyTimeoutError(f"{endpoint.name}: no reply in time", moves_money=money) from error
        except ReplyTooLargeError as error:
            raise OversizedReplyError(f"{endpoint.name}: {error}", moves_money=money) from error
        except httpx.TransportError as error:
            message = f"{endpoint.name}: {type(error).__name__}"
            raise ConnectionLostError(message, moves_money=money) from error
        key = self.merchant.key if self.merchant.encrypt else None
        return read_answer(raw, endpoint, encrypted_with=key)


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
