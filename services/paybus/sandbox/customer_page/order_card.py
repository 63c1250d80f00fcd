"""One order as a card: what it is for, its QR code while it is open, what became of it."""

from collections.abc import Mapping
from typing import Final

from paybus.sandbox.customer_page.fate import fate_of
from paybus.sandbox.customer_page.markup import Markup, fill, join
from paybus.sandbox.customer_page.qr_code import MAX_TEXT, draw
from paybus.sandbox.description import bar_code, page_path, time_text
from paybus.sandbox.order import Order
from paybus.sandbox.state import OrderState
from paybus.trades.money import Fen, yuan_text

_CARD: Final = """<div class="card"><div class="head"><p class="amount">¥{amount}</p>
<p class="pill {tone}" role="status">{fate}</p></div><h1>{subject}</h1>
<div class="columns">{code}<div>{actions}<dl>{facts}</dl></div></div></div>
<p><a href="/customer">Open orders</a></p>"""
_FACT: Final = "<dt>{name}</dt><dd>{value}</dd>"
_CODE: Final = "<figure>{picture}<figcaption>Scan to pay<br>{text}</figcaption></figure>"
_ACTIONS: Final = """<div class="actions">
<form method="post" action="{path}/approve"><button>Pay ¥{amount}</button></form>
<form method="post" action="{path}/decline" class="decline"><button>Decline</button></form></div>"""
_CHANNELS: Final = {1: "Alipay", 2: "WeChat", 31: "QQ Wallet"}


def draw_card(order: Order, *, host: str, open_until: float, notification: str) -> Markup:
    """Draw the card of *order*, its QR code leading to *host*; `open_until` is Unix seconds."""
    fate, pending = fate_of(order), order.state is OrderState.PENDING
    facts = _facts(order, open_until if pending else None, notification)
    return fill(
        _CARD,
        amount=yuan_text(order.wish.amount_fen),
        subject=order.wish.particulars.subject,
        code=_code(bar_code(order, host)) if pending else Markup(),
        tone=fate.tone,
        fate=fate.words,
        facts=join(fill(_FACT, name=name, value=value) for name, value in facts.items() if value),
        actions=_actions(order) if pending else Markup(),
    )


def _facts(order: Order, open_until: float | None, notification: str) -> Mapping[str, str | None]:
    channel = order.wish.channel_type
    return {
        "Merchant": order.wish.merchant_id,
        "Order": order.wish.charge_code,
        "Wallet": _CHANNELS.get(channel, f"channel {channel}"),
        "Ordered": time_text(order.begun_at),
        "Open until": time_text(open_until),
        "Decided": time_text(order.ended_at),
        "Money back": _money_back(order),
        "Callback": notification,
    }


def _money_back(order: Order) -> str | None:
    back = order.refunded_fen + order.returned_fen
    return f"¥{yuan_text(Fen(back))}" if back else None


def _code(text: str | None) -> Markup:
    """Draw the code to be scanned; there is none for orders that are paid in an app, or were scanned."""
    if text is None or len(text) > MAX_TEXT:
        return Markup()
    broken_at_slashes = Markup(fill("{text}", text=text).replace("/", "/<wbr>"))
    return fill(_CODE, picture=draw(text), text=broken_at_slashes)


def _actions(order: Order) -> Markup:
    return fill(_ACTIONS, path=page_path(order), amount=yuan_text(order.wish.amount_fen))
