"""Whether a service lives and is ready, and its metrics, over HTTP.

`/live`     200, or 503 when a watched part has died: start the process anew
`/ready`    200, or 503 while a check fails or the service is stopping: send nothing here
`/metrics`  Prometheus text, or OpenMetrics if the client accepts it

The first two answer `{"status": "ok"}` or `{"status": "...", "reasons": {name: reason}}`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from paybus.runtime.service import Service

CHECK_SECONDS = 2.0
"""A ledger that needs longer for a ping serves nobody; the probe itself must wait a second more."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something the service needs; `ask` returns when it is there, and raises or takes too long otherwise."""

    name: str
    ask: Callable[[], Awaitable[object]]
    seconds: float = CHECK_SECONDS

    async def failure(self) -> str | None:
        """Say why it is not there, but not in the error's own words: they could hold a password."""
        task = asyncio.ensure_future(self.ask())
        try:
            await asyncio.wait({task}, timeout=self.seconds)
        finally:
            answered = task.done()
            task.cancel()
        if not answered:
            return f"no answer in {self.seconds:g} s"
        if task.cancelled():
            return "cancelled"
        error = task.exception()
        return None if error is None else type(error).__name__


def health_app(service: Service, registry: CollectorRegistry, *checks: Check) -> ASGIApp:
    """Make the app that answers for *service*."""

    async def live(_request: Request) -> Response:
        return _answer("dead", service.dead)  # that the loop turns is proved by the answer

    async def ready(_request: Request) -> Response:
        if service.stopping:
            return _answer("not ready", {"service": "stopping"})
        failures = await asyncio.gather(*(check.failure() for check in checks))
        failed = {check.name: failure for check, failure in zip(checks, failures, strict=True) if failure}
        return _answer("not ready", failed)

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return Starlette(routes=[Route("/live", live), Route("/ready", ready), Route("/metrics", metrics)])


def by_prefix(mounted: Mapping[str, ASGIApp], otherwise: ASGIApp) -> ASGIApp:
    """Give requests at a prefix of *mounted* or below it to that app, and the rest to *otherwise*.

    Plain ASGI, for receivers that cannot spare a router's time. The apps see the whole path.
    """
    prefixes = [(prefix, f"{prefix}/", app) for prefix, app in mounted.items()]
    assert all(prefix.startswith("/") and not prefix.endswith("/") for prefix in mounted), (
        "such as /callbacks"
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for prefix, below, inner in prefixes:
            if path.startswith(below) or path == prefix:
                return await inner(scope, receive, send)
        return await otherwise(scope, receive, send)

    return app


def _answer(status: str, reasons: Mapping[str, str]) -> Response:
    if reasons:
        return JSONResponse({"status": status, "reasons": dict(reasons)}, status_code=503)
    return JSONResponse({"status": "ok"})
