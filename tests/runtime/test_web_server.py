"""The HTTP server listens when it says so, and stops without cutting off an answer."""

import asyncio
from pathlib import Path
import signal
import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.runtime.program import finish, program, wait_for

from paybus.runtime.settings import Settings
from paybus.runtime.web_server import web_server


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer anything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_the_port_file_tells_where_it_listens(tmp_path: Path) -> None:
    """When the file is there, a connection is accepted; when the server has gone, so has the file."""
    file = tmp_path / "port"
    async with web_server(hello, Settings(http_port_file=file)) as port:
        assert file.read_text() == f"{port}"
        async with httpx.AsyncClient(trust_env=False) as speaker:
            assert (await speaker.get(f"http://127.0.0.1:{file.read_text()}/")).text == "hello"
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 -- the half-written one has gone, too


async def test_a_port_that_is_taken_is_an_error_at_once(tmp_path: Path) -> None:
    """Nobody is told of a port that belongs to another."""
    file = tmp_path / "port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(http_port=taken.getsockname()[1], http_port_file=file)
        with pytest.raises(OSError, match="in use"):
            async with web_server(hello, settings):
                pass
    assert not file.exists()


async def test_a_request_in_flight_is_answered_before_the_server_stops() -> None:
    """A callback that is being stored gets its answer, so that the gateway need not send it again."""
    arrived, release = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await release.wait()
        await hello(scope, receive, send)

    async with httpx.AsyncClient(trust_env=False) as speaker:
        async with web_server(slow, Settings()) as port:
            asking = asyncio.create_task(speaker.get(f"http://127.0.0.1:{port}/"))
            await arrived.wait()
            asyncio.get_running_loop().call_soon(release.set)
        assert (await asking).text == "hello"
        with pytest.raises(httpx.ConnectError):
            await speaker.get(f"http://127.0.0.1:{port}/")


def test_signals_belong_to_the_service(tmp_path: Path) -> None:
    """With a server running, SIGTERM stops everything in the service's order and with its exit code."""
    text = """
    from prometheus_client import CollectorRegistry
    from paybus.runtime.health import health_app
    from paybus.runtime.web_server import web_server

    async def main(service, settings):
        await service.enter(part("ledger"))
        await service.enter(web_server(health_app(service, CollectorRegistry()), settings))
        await service.enter(part("consumer"))
        print("ready", flush=True)
        await service.until_stopped()

    run("x", main, load_settings(Settings))
    """
    file = tmp_path / "port"
    with program(tmp_path, text, {"http_port_file": str(file)}) as process:
        wait_for(process, "ready")
        assert httpx.get(f"http://127.0.0.1:{file.read_text()}/live", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert finish(process)[:2] == (0, ["stop consumer", "stop ledger"])
    assert not file.exists()
