"""query: what became of an order or a refund (`GET query/{code}/{merchant}`, docs/protocol.md §5.3)."""

from typing import Any

from paybus.sandbox.admission import Asked
from paybus.sandbox.books import Books
from paybus.sandbox.description import codes, funds, particulars, present, time_text
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import inform
from paybus.sandbox.order import Order, Refund
from paybus.sandbox.reply import Answer
from paybus.sandbox.request import Request


def signed_texts(request: Request) -> list[str]:
    """Give the signed text: the code alone."""
    return [request.segments[0]]


async def query(gateway: Gateway, asked: Asked) -> Answer:
    """Tell the state of an order by its up code or down code, or of a refund by its number."""
    return await inform(gateway, asked, _tell, asked.request.segments[0])


def _tell(gateway: Gateway, asked: Asked) -> Answer:
    return Answer("SUCCESS", "ok", _found(gateway.books, asked))


def _found(books: Books, asked: Asked) -> dict[str, Any]:
    merchant_id, code = asked.merchant_id, asked.request.segments[0]
    if asked.request.parameters.get("serType") == "1":
        order = books.order_by_down_code(merchant_id, code)
    else:
        order = books.order(merchant_id, code)
        refund = None if order else books.refund(merchant_id, code)
        if refund is not None and refund.visible_at <= books.now():
            return _refund_members(refund)
    if order is None or order.visible_at > books.now():
        raise RefusalError("CHARGE_NONEXISTENT", "no such transaction")
    return _order_members(order)


def _order_members(order: Order) -> dict[str, Any]:
    return _members(order, order.wish.amount_fen) | present(
        {
            "STATE": order.state.value,
            "BEGIN_TIME": time_text(order.begun_at),
            "END_TIME": time_text(order.ended_at),
            "FUND_BILL_LIST": funds(order, order.paid_fen) if order.paid_fen else None,
        }
    )


def _refund_members(refund: Refund) -> dict[str, Any]:
    return _members(refund.order, refund.amount_fen) | present(
        {
            "OUT_REFUND_NO": refund.number,
            "STATE": refund.state.value,
            "BEGIN_TIME": time_text(refund.begun_at),
            "END_TIME": time_text(refund.ended_at),
            "FUND_BILL_LIST": funds(refund.order, refund.amount_fen),
        }
    )


def _members(order: Order, amount: int) -> dict[str, Any]:
    return {
        "BUSI_ID": order.wish.merchant_id,
        **particulars(order),
        **codes(order),
        "AMT": amount,
        "CHANNEL_TYPE": order.wish.channel_type,
    }
