"""The admin API: look into the books, play the customer, make things go wrong (docs/sandbox.md)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import gc

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from paybus.sandbox.customer_page.routes import make_routes
from paybus.sandbox.fault_settings import FaultSettings
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.order import Order
from paybus.sandbox.request import MAX_BODY_BYTES
from paybus.sandbox.statement import PARTS, write_statement

_JSON = "application/json"


def make_admin(gateway: Gateway) -> Starlette:
    """Make the application for everything that is not the gateway's: /admin and /customer."""
    admin = _Admin(gateway)
    base = "/admin/orders/{merchant_id}/{charge_code}"
    return Starlette(
        routes=[
            Route("/admin/health", admin.health),
            Route("/admin/books", admin.books),
            Route("/admin/faults", admin.faults),
            Route("/admin/faults", admin.replace_faults, methods=["POST"]),
            Route("/admin/reset", admin.reset, methods=["POST"]),
            Route(f"{base}/approve", admin.approve, methods=["POST"]),
            Route(f"{base}/decline", admin.decline, methods=["POST"]),
            *make_routes(gateway),
        ]
    )


class _Admin:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def health(self, _request: Request) -> Response:
        """Say that the sandbox serves."""
        books = self._gateway.books
        return JSONResponse({"status": "ok", "orders": len(books.orders), "calls": len(books.calls)})

    async def books(self, request: Request) -> Response:
        """Export the books; `?parts=effects,calls` gives those lists only."""
        asked = request.query_params.get("parts")
        parts = PARTS if asked is None else tuple(asked.split(","))
        if not set(parts) <= set(PARTS):
            return _problem(400, f"parts are some of {', '.join(PARTS)}")
        return StreamingResponse(_pieces(write_statement(self._gateway.books, parts)), media_type=_JSON)

    async def faults(self, _request: Request) -> Response:
        """Show what goes wrong at present."""
        return Response(self._gateway.planner.settings.model_dump_json(), media_type=_JSON)

    async def replace_faults(self, request: Request) -> Response:
        """Replace all fault settings; what is left out gets its default."""
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return _problem(413, "the body is too large")
        try:
            settings = FaultSettings.model_validate_json(body)
        except ValidationError as error:
            return _problem(400, *(_sentence(detail["loc"], detail["msg"]) for detail in error.errors()))
        self._gateway.replace_faults(settings)
        return await self.faults(request)

    async def reset(self, _request: Request) -> Response:
        """Begin with empty books."""
        self._gateway.reset()
        gc.collect()  # the old books, which nothing else would look through
        return JSONResponse({"status": "ok"})

    async def approve(self, request: Request) -> Response:
        """Pay a pending order."""
        return self._play(request, self._gateway.customers.approve)

    async def decline(self, request: Request) -> Response:
        """Decline a pending order."""
        return self._play(request, self._gateway.customers.decline)

    def _play(self, request: Request, act: Callable[[Order], bool]) -> Response:
        order = self._gateway.books.order(**request.path_params)
        if order is None:
            return _problem(404, "there is no such order")
        if not act(order):
            return _problem(409, f"the order is not pending but in state {order.state.value}")
        return JSONResponse({"status": "ok", "state": order.state.value})


async def _pieces(statement: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give the statement in the event loop itself (not in a thread): the books change there only."""
    for piece in statement:
        yield piece
        await asyncio.sleep(0)  # payments go on while a million orders are written


def _problem(status: int, *problems: str) -> Response:
    return JSONResponse({"problems": list(problems)}, status_code=status)


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, location)) or 'body'}: {message}"
