"""The orders that wait for their customers, as a list of links."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from paybus.sandbox.books import Books
from paybus.sandbox.customer_page.markup import Markup, fill, join
from paybus.sandbox.description import page_path, time_text
from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState
from paybus.trades.money import yuan_text

SHOWN: Final = 100
"""Orders on the page."""

_LOOKED_AT: Final = 10_000  # of the newest orders: a page must not stop the gateway for seconds
_LIST: Final = """<div class="card"><h1>Open orders</h1>
<p class="small">{which} <a href="/customer">Look again</a></p><ul>{rows}</ul></div>"""
_ROW: Final = """<li><a href="{path}"><span><b>{subject}</b>
<span class="small">{code} · {at}</span></span><span class="sum">¥{amount}</span></a></li>"""


def open_orders(books: Books) -> Sequence[Order]:
    """Give the newest pending orders."""
    newest = islice(reversed(books.orders), _LOOKED_AT)
    return list(islice((order for order in newest if order.state is OrderState.PENDING), SHOWN))


def draw_list(orders: Sequence[Order]) -> Markup:
    """Draw the list."""
    if not orders:
        which = "None at present."
    else:
        which = f"The newest {SHOWN}." if len(orders) == SHOWN else f"{len(orders)}, newest first."
    return fill(_LIST, which=which, rows=join(map(_row, orders)))


def _row(order: Order) -> Markup:
    return fill(
        _ROW,
        path=page_path(order),
        subject=order.wish.particulars.subject,
        code=order.wish.charge_code,
        at=time_text(order.begun_at) or "",
        amount=yuan_text(order.wish.amount_fen),
    )
