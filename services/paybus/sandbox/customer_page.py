"""Pages on which a person plays the customer; BAR_CODE leads there (docs/sandbox.md)."""

from html import escape
from itertools import islice
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from paybus.sandbox.gateway import Gateway
from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState
from paybus.trades.money import yuan_text

_SHOWN: Final = 100  # orders on one page
_LOOKED_AT: Final = 10_000  # of the newest orders: a page must not stop the gateway for seconds
_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:1.1em sans-serif;margin:2em auto;max-width:30em;padding:0 1em}}
button{{font:inherit;padding:.5em 1.5em;margin-right:1em}}td{{padding:.2em 1em .2em 0}}</style></head>
<body><h1>{title}</h1>{body}<p><small>A sandbox: no money moves.</small></p></body></html>"""
_BUTTONS: Final = """<form method="post"><button formaction="{0}/approve">Pay</button>
<button formaction="{0}/decline">Decline</button></form>"""


def make_routes(gateway: Gateway) -> list[Route]:
    """Make the routes of the customer's pages."""
    pages = _Pages(gateway)
    one = "/customer/{merchant_id}/{down_code}"
    return [
        Route("/customer", pages.waiting),
        Route(one, pages.order),
        Route(f"{one}/approve", pages.approve, methods=["POST"]),
        Route(f"{one}/decline", pages.decline, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def waiting(self, _request: Request) -> Response:
        """List the newest orders that wait for their customers."""
        newest = islice(reversed(self._gateway.books.orders), _LOOKED_AT)
        waiting = islice((order for order in newest if order.state is OrderState.PENDING), _SHOWN)
        rows = "".join(
            f'<tr><td><a href="{_link(order)}">{escape(order.wish.charge_code)}</a></td>'
            f"<td>¥{yuan_text(order.wish.amount_fen)}</td></tr>"
            for order in waiting
        )
        return _page("Orders to be paid", f"<table>{rows}</table>" if rows else "<p>None.</p>")

    async def order(self, request: Request) -> Response:
        """Show one order, with buttons while it is pending."""
        order = self._order(request)
        if order is None:
            return _page("There is no such order", "", status=404)
        buttons = _BUTTONS.format(_link(order)) if order.state is OrderState.PENDING else ""
        rows = {
            "For": order.wish.particulars.subject,
            "Order": order.wish.charge_code,
            "State": order.state.name.lower().replace("_", " "),
        }
        table = "".join(f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in rows.items())
        return _page(f"¥{yuan_text(order.wish.amount_fen)}", f"<table>{table}</table>{buttons}")

    async def approve(self, request: Request) -> Response:
        """Pay the order."""
        if order := self._order(request):
            self._gateway.customers.approve(order)
        return self._back(request)

    async def decline(self, request: Request) -> Response:
        """Decline the order."""
        if order := self._order(request):
            self._gateway.customers.decline(order)
        return self._back(request)

    def _order(self, request: Request) -> Order | None:
        return self._gateway.books.order_by_down_code(**request.path_params)

    def _back(self, request: Request) -> Response:
        return RedirectResponse(request.url.path.rpartition("/")[0], status_code=303)


def _link(order: Order) -> str:
    return escape(f"/customer/{order.wish.merchant_id}/{order.down_code}")


def _page(title: str, body: str, *, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title, body=body), status_code=status)
