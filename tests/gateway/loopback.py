"""A gateway on the loopback interface whose every byte a test decides."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Behaviour = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Gets each complete request (head and body) and the connection to answer on."""


def answer(body: bytes | str, *, status: int = 200, content_type: str = "application/json") -> bytes:
    """Give the bytes of an HTTP reply with Content-Length."""
    data = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


@dataclass
class Loopback:
    """A real TCP server that keeps every request it read and does what `behaviour` says."""

    behaviour: Behaviour | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed a connection."""
    base_url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests of one connection until its end."""
        self.connections += 1
        try:
            while request := await _request(reader):
                self.requests.append(request)
                assert self.behaviour is not None
                await self.behaviour(request, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.closed.set()

    def replies(self, reply: bytes) -> None:
        """Answer every request with the same bytes."""

        async def behave(_request: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(reply)

        self.behaviour = behave


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + await reader.readexactly(length)
