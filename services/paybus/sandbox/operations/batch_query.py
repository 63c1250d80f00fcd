"""batch query: a page of a merchant's orders (`GET queryTrades`, docs/protocol.md §5.6)."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from itertools import islice
from math import inf
import re
from typing import Any, Final

from paybus.gateway.china_time import CHINA_TIME, read_time
from paybus.gateway.members import Members
from paybus.sandbox.admission import Asked
from paybus.sandbox.books import Books
from paybus.sandbox.description import codes, particulars, present, time_text
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import inform
from paybus.sandbox.operations.page import read_page
from paybus.sandbox.operations.wish import text
from paybus.sandbox.order import Order
from paybus.sandbox.reply import Answer, with_result
from paybus.sandbox.request import Request
from paybus.sandbox.state import OrderState

_DAY_ONLY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFUNDED_OR_REVOKED: Final = 7  # a filter, never a state


def signed_texts(_request: Request) -> list[str]:
    """Give the signed text: empty, so that only the time is signed."""
    return [""]


async def batch_query(gateway: Gateway, asked: Asked) -> Answer:
    """List the orders that match all filters, oldest first."""
    return await inform(gateway, asked, _tell)


def write(answer: Answer) -> Mapping[str, Any]:
    """Give the reply's members; the vendor's client fails without chargesSize (docs/protocol.md §8 #16)."""
    return {**with_result(answer), "chargesSize": answer.members.get("chargesSize", 0)}


def _tell(gateway: Gateway, asked: Asked) -> Answer:
    members = asked.members
    page = read_page(
        {"pageNum": members.text("PAGENUM") or "", "pageSize": members.text("PAGESIZE") or ""},
        number="pageNum",
        size="pageSize",
    )
    matches = _filter(asked, gateway.books.now())
    listed = list(islice(filter(matches, _between(gateway.books, members)), page.begin, page.end))
    trades = [_trade(order) for order in listed]
    # A list of one collapses to its element (docs/protocol.md §8 #15).
    return Answer(
        "SUCCESS",
        "ok",
        {"chargesSize": len(trades), "charges": trades[0] if len(trades) == 1 else trades},
    )


def _between(books: Books, members: Members) -> Iterator[Order]:
    """Give the orders that were begun between the two dates, both optional and inclusive."""
    begin = _moment(members, "BEGINDATE", end_of_day=False)
    end = _moment(members, "ENDDATE", end_of_day=True)
    first = bisect_left(books.orders, begin, key=lambda order: order.begun_at)
    last = bisect_left(books.orders, end, key=lambda order: order.begun_at)
    return islice(books.orders, first, last)


def _moment(members: Members, name: str, *, end_of_day: bool) -> float:
    shown = text(members, name)
    if shown is None:
        return inf if end_of_day else 0.0
    moment = read_time(shown)
    if moment is None:
        raise RefusalError("ILLEGAL_PARAMETER", f"{name} is not a time")
    if end_of_day and _DAY_ONLY.fullmatch(shown.strip()):
        moment = datetime.combine(moment.date(), time(23, 59, 59), CHINA_TIME)
    # An end's own second belongs to the time asked for.
    return (moment + timedelta(seconds=1 if end_of_day else 0)).timestamp()


def _filter(asked: Asked, now: float) -> Callable[[Order], bool]:
    members, merchant_id = asked.members, asked.merchant_id
    state, channel = members.integer("STATE"), members.integer("CHANNELTYPE")
    if members.unreadable:
        raise RefusalError("ILLEGAL_PARAMETER", f"not a number: {', '.join(members.unreadable)}")
    states = {OrderState.REFUNDED, OrderState.REVOKED} if state == _REFUNDED_OR_REVOKED else {state}
    charge_code = text(members, "CHARGECODE")

    def matches(order: Order) -> bool:
        return (
            order.wish.merchant_id == merchant_id
            and (state is None or order.state in states)
            and (not channel or order.wish.channel_type == channel)
            and charge_code in {None, order.wish.charge_code}
            and order.visible_at <= now
        )

    return matches


def _trade(order: Order) -> dict[str, Any]:
    said = particulars(order)
    wanted = ("OPER_ID", "DEV_ID", "PAY_SUBJECT", "REGISTER_ID", "DYNAMIC_ID")
    return present(
        {
            "BUSI_ID": order.wish.merchant_id,
            "CHANNEL_TYPE": order.wish.channel_type,
            **codes(order),
            "STATE": order.state.value,
            **{name: said.get(name) for name in wanted},
            "BEGIN_TIME": time_text(order.begun_at),
            "END_TIME": time_text(order.ended_at),
            "AMT": order.wish.amount_fen,
            "CODE_SCAN_TYPE": 1 if order.wish.scanned else 2,
            "DYNAMIC_ID_TYPE": 1 if order.wish.scanned else 2,
        }
    )
