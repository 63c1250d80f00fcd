"""A request's body: to its end, but not beyond a limit in bytes and in time."""

import asyncio
from typing import Final

from starlette.types import Receive, Scope

from paybus.gateway.callback import MAX_CALLBACK_BYTES
from paybus.gateway.errors import CallbackRefusedError
from paybus.notifier.errors import BrokenOffError

BODY_SECONDS: Final = 10.0
"""The gateway sends a few KB at once; who needs longer only holds our connections."""


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Give the body; raises CallbackRefusedError for one that is too large or too slow, BrokenOffError."""
    if _announced_length(scope) > MAX_CALLBACK_BYTES:
        raise CallbackRefusedError("body_too_large", http_status=413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise CallbackRefusedError("body_too_slow", http_status=408) from None


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BrokenOffError
        chunk: bytes = message.get("body", b"")
        length += len(chunk)
        if length > MAX_CALLBACK_BYTES:
            raise CallbackRefusedError("body_too_large", http_status=413)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _announced_length(scope: Scope) -> int:
    """Give Content-Length, which the server has parsed already; 0 for a chunked body."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0
