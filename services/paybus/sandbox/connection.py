"""The HTTP connection below a request, for answers that never come (uvicorn's protocol, opened a little)."""

import socket
import struct

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "paybus.connection"
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: closing sends RST instead of FIN


class Connection(HttpToolsProtocol):
    """uvicorn's httptools protocol that also shows the application its transport."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: self.transport}  # type: ignore[dict-item]

    def shutdown(self) -> None:
        """End at once: whoever stops the sandbox does not wait for customers."""
        self.transport.abort()


async def hang_up(scope: Scope, receive: Receive, *, reset: bool = False, flush: bool = False) -> None:
    """Close the connection without a (further) byte of a reply and wait until it is closed.

    *reset* makes the caller see a reset instead of an end; *flush* lets what was sent go out first.
    """
    transport = scope["extensions"][_EXTENSION]
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    if flush:
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
