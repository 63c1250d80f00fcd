"""The addresses of the customer's pages; only POST changes anything."""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from paybus.sandbox.customer_page.fate import fate_of
from paybus.sandbox.customer_page.frame import make_page
from paybus.sandbox.customer_page.markup import Markup
from paybus.sandbox.customer_page.notification import attempts_about, notification_of
from paybus.sandbox.customer_page.order_card import draw_card
from paybus.sandbox.customer_page.order_list import draw_list, open_orders
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.order import Order
from paybus.trades.money import yuan_text

_AGAIN_SECONDS: Final = 1  # while something goes on by itself; an open order waits for a person instead
_LOST: Final = Markup(
    '<div class="card"><h1>There is no such order</h1><p><a href="/customer">Open orders</a></p></div>'
)


def make_routes(gateway: Gateway) -> list[Route]:
    """Make the routes of the customer's pages."""
    pages = _Pages(gateway)
    one = "/customer/{merchant_id}/{down_code}"
    return [
        Route("/", pages.front),
        Route("/customer", pages.waiting),
        Route(one, pages.order),
        Route(f"{one}/approve", pages.approve, methods=["POST"]),
        Route(f"{one}/decline", pages.decline, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def front(self, _request: Request) -> Response:
        """Lead who has only typed the address to the list."""
        return RedirectResponse("/customer")

    async def waiting(self, _request: Request) -> Response:
        """List the newest orders that wait for their customers."""
        return make_page("Open orders", draw_list(open_orders(self._gateway.books)))

    async def order(self, request: Request) -> Response:
        """Show one order, with its QR code and buttons while it is pending."""
        order = self._order(request)
        return _lost() if order is None else self._card(order, request.url.netloc)

    async def approve(self, request: Request) -> Response:
        """Pay the order."""
        return self._play(request, self._gateway.customers.approve)

    async def decline(self, request: Request) -> Response:
        """Decline the order."""
        return self._play(request, self._gateway.customers.decline)

    def _order(self, request: Request) -> Order | None:
        return self._gateway.books.order_by_down_code(**request.path_params)

    def _play(self, request: Request, act: Callable[[Order], bool]) -> Response:
        order = self._order(request)
        if order is None:
            return _lost()
        act(order)  # if somebody else was faster, the page says what became of the order
        return RedirectResponse(request.url.path.rpartition("/")[0], status_code=303)

    def _card(self, order: Order, host: str) -> Response:
        under_way = self._gateway.callbacks.is_under_way(order)
        attempts = attempts_about(self._gateway.books, order)
        card = draw_card(
            order,
            host=host,
            open_until=self._gateway.customers.open_until(order),
            notification=notification_of(order, attempts, under_way=under_way),
        )
        fate = fate_of(order)
        title = f"{fate.words}: ¥{yuan_text(order.wish.amount_fen)}"
        goes_on = under_way or fate.tone == "busy"
        return make_page(title, card, again_seconds=_AGAIN_SECONDS if goes_on else None)


def _lost() -> Response:
    return make_page("There is no such order", _LOST, status=404)
