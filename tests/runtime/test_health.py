"""What the probes and Prometheus are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from prometheus_client import CollectorRegistry, Counter
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from paybus.runtime.health import Check, by_prefix, health_app
from paybus.runtime.service import Service
from paybus.runtime.settings import Settings
from paybus.runtime.web_server import web_server


@asynccontextmanager
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Serve *app* for real and speak with it."""
    async with (
        web_server(app, Settings()) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as speaker,
    ):
        yield speaker


async def during(main: Callable[[Service], Awaitable[None]]) -> Service:
    """Live through *main* in a service of its own."""
    service = Service(grace_seconds=5)
    await asyncio.wait({asyncio.create_task(service.live(main))})
    return service


async def test_a_service_lives_while_no_watched_part_has_died() -> None:
    """`/live` is 200 while all run, and 503 with the part's name and reason, also during the stop."""
    answers: list[httpx.Response] = []

    async def dying(order: asyncio.Event) -> None:
        await order.wait()
        raise LookupError("with a password")

    async def main(service: Service) -> None:
        speaker = await service.enter(client(health_app(service, CollectorRegistry())))
        order = asyncio.Event()
        service.watch("relay", dying(order))
        answers.append(await speaker.get("/live"))
        order.set()
        await service.until_stopped()
        answers.extend([await speaker.get("/live"), await speaker.get("/ready")])

    await during(main)
    alive, dead, ready = answers
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (dead.status_code, dead.json()) == (503, {"status": "dead", "reasons": {"relay": "LookupError"}})
    assert (ready.status_code, ready.json()["reasons"]) == (503, {"service": "stopping"})


async def answered() -> None:
    """Be there."""


async def refused() -> None:
    """Not be there, and say more than anybody should hear."""
    raise ConnectionRefusedError("postgresql://paybus:hush@db")


async def hung() -> None:
    """Neither be there nor not."""
    await asyncio.Event().wait()


async def gave_up() -> None:
    """Be cancelled from within, as by a pool that is being closed."""
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(refused, "ConnectionRefusedError"), (hung, "no answer in 0.01 s"), (gave_up, "cancelled")],
)
async def test_what_is_not_ready_is_named(asked: Callable[[], Awaitable[None]], reason: str) -> None:
    """A check that fails, hangs or is cancelled makes 503 with its name, and never the error's own words."""
    service = Service(grace_seconds=5)
    checks = [Check("ledger", answered), Check("broker", asked, seconds=0.01)]
    async with client(health_app(service, CollectorRegistry(), *checks)) as speaker:
        answer = await speaker.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "reasons": {"broker": reason}}


async def test_a_service_is_ready_when_every_check_answers() -> None:
    """200 only then; a service that needs nothing is ready at once."""
    for checks in ([], [Check("ledger", answered), Check("broker", answered)]):
        async with client(health_app(Service(grace_seconds=5), CollectorRegistry(), *checks)) as speaker:
            answer = await speaker.get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_check_that_hangs_is_cancelled() -> None:
    """A probe every few seconds must not leave a heap of waiting tasks."""
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    assert await Check("ledger", hang, seconds=0.0).failure() == "no answer in 0 s"
    async with asyncio.timeout(10):
        await cancelled.wait()


async def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    """OpenMetrics if the Accept header has it (Prometheus does), else plain text; one registry only."""
    registry = CollectorRegistry()
    Counter("paybus_things", "Things.", registry=registry).inc(3)
    async with client(health_app(Service(grace_seconds=5), registry)) as speaker:
        plain = await speaker.get("/metrics")
        accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        modern = await speaker.get("/metrics", headers={"accept": accept})
    assert plain.headers["content-type"].startswith("text/plain")
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert "paybus_things_total 3.0" in plain.text
    assert "python_info" not in plain.text
    assert modern.text.endswith("# EOF\n")


async def test_mounted_apps_get_their_prefix_and_nothing_else() -> None:
    """The prefix itself and what is below it, with the whole path; `/callbacksx` is somebody else's."""
    seen: list[str] = []

    async def receiver(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = by_prefix({"/callbacks": receiver}, health_app(Service(grace_seconds=5), CollectorRegistry()))
    async with client(app) as speaker:
        paths = ["/callbacks", "/callbacks/001", "/callbacksx", "/live", "/x/callbacks"]
        statuses = [(await speaker.get(path)).status_code for path in paths]
    assert statuses == [204, 204, 404, 200, 404]
    assert seen == ["/callbacks", "/callbacks/001"]
