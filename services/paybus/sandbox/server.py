"""The HTTP server: uvicorn with httptools and uvloop, one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import socket

import structlog
import uvicorn
from uvicorn.server import ServerState

from paybus.gateway.engine import make_engine
from paybus.sandbox.admin import make_admin
from paybus.sandbox.application import Application
from paybus.sandbox.connection import Connection
from paybus.sandbox.gateway import Conditions, Gateway

_BACKLOG = 4096  # a test that opens all its connections at once must not see refusals
_TURNS = 8  # of the event loop: accepting takes four, ending a connection one more
_GRACE_SECONDS = 1  # for whoever reads the books at the end

log = structlog.get_logger()


async def serve(conditions: Conditions, *, host: str, port: int, port_file: Path | None) -> None:
    """Serve until a signal comes; raises OSError if the address cannot be used."""
    engine = make_engine()
    gateway = Gateway(conditions, engine)
    listening = listen(host, port)
    server = Server(gateway)
    try:
        if port_file is not None:
            write_port(port_file, listening.getsockname()[1])
        log.info("sandbox.serving", host=host, port=listening.getsockname()[1])
        await server.serve(sockets=[listening])
    finally:
        listening.close()
        await engine.aclose()


@asynccontextmanager
async def running(conditions: Conditions) -> AsyncIterator[tuple[Gateway, str]]:
    """Run a sandbox in this event loop, for tests; gives it and its address (`http://127.0.0.1:port`).

    It is uvicorn's protocol without uvicorn's server, which takes a fifth of a second to stop.
    """
    engine = make_engine()
    gateway = Gateway(conditions, engine)
    config, state = configure(gateway), ServerState()
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}), "127.0.0.1", 0)
    try:
        yield gateway, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        gateway.close()
        server.close()
        await _end_connections(state)
        await engine.aclose()


async def _end_connections(state: ServerState) -> None:
    """End all connections, also those that were accepted and are only now being made."""
    for _turn in range(_TURNS):
        for connection in list(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
    await asyncio.gather(*state.tasks)


def configure(gateway: Gateway) -> uvicorn.Config:
    """Say how uvicorn serves the gateway."""
    return uvicorn.Config(
        Application(gateway, make_admin(gateway)),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def listen(host: str, port: int) -> socket.socket:
    """Give a listening socket: who connects from now on is served when the server is up."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def write_port(file: Path, port: int) -> None:
    """Write the port so that whoever waits for the file never reads half of it."""
    half = file.with_name(f"{file.name}.new")
    half.write_text(f"{port}\n", encoding="ascii")
    half.replace(file)


class Server(uvicorn.Server):
    """uvicorn that ends the gateway's waiting calls before it waits for connections."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        super().__init__(configure(gateway))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut what waits, then stop."""
        self._gateway.close()
        await super().shutdown(sockets)
