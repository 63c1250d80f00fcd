"""The HTTP server of a service: uvicorn on httptools, without signal handlers or an access log of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
import os
from pathlib import Path
import socket

from starlette.types import ASGIApp
import uvicorn

from paybus.runtime.settings import Settings

STOP_SECONDS = 5
"""Probes and callbacks are answered within 2 s; one that is cut off here is sent again by the gateway."""

_BACKLOG = 2048  # connections that wait while the loop is busy; the kernel caps it at net.core.somaxconn
_MAX_CONNECTIONS = 4096  # beyond, 503: a client that leaks them must not take the process's last file
_IDLE_SECONDS = 30  # longer than a scrape interval, so that Prometheus keeps its connection


@asynccontextmanager
async def web_server(app: ASGIApp, settings: Settings) -> AsyncIterator[int]:
    """Serve *app* at the settings' host and port while the block runs; gives the port.

    The port file appears when the server listens, and goes when it stops. Raises OSError when the address
    cannot be had.
    """
    with _listen(settings.http_host, settings.http_port) as listener:
        port: int = listener.getsockname()[1]
        server = _Server(_config(app))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="web_server")
        try:
            await server.wait_until_listening(serving)
            with _announced(settings.http_port_file, port):
                yield port
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the service."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening.set()

    async def wait_until_listening(self, serving: "asyncio.Task[None]") -> None:
        """Return when connections are accepted; raises what ended *serving* before."""
        listening = asyncio.create_task(self._listening.wait())
        await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if serving.done():
            await serving


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools", ws="none", lifespan="off", interface="asgi3",
        log_config=None, access_log=False, server_header=False, proxy_headers=False,
        backlog=_BACKLOG, limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_IDLE_SECONDS, timeout_graceful_shutdown=STOP_SECONDS,
    )  # fmt: skip


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


@contextmanager
def _announced(file: Path | None, port: int) -> Iterator[None]:
    if file is None:
        yield
        return
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.write_text(f"{port}", encoding="ascii")
    half.replace(file)  # whoever sees the file sees the whole number
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
