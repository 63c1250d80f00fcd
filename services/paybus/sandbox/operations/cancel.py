"""cancel: revoke an order (`GET cancelTrade/{code}/{merchant}`, docs/protocol.md §5.5)."""

from functools import partial

from paybus.sandbox.admission import Asked
from paybus.sandbox.books import Books
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.fault import Fault
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import attend
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Subject
from paybus.sandbox.reply import Answer
from paybus.sandbox.request import Request
from paybus.sandbox.state import OrderState


def signed_texts(request: Request) -> list[str]:
    """Give the signed text of a cancel."""
    code, merchant_id = request.segments
    return [f"chargeCode={code}&busiCode={merchant_id}"]


async def cancel(gateway: Gateway, asked: Asked) -> Answer:
    """Revoke an order in real time, or with opType=ACO take the application for it."""
    return await attend(gateway, asked, "cancel", (asked.request.segments[0], None), _act)


async def _act(gateway: Gateway, asked: Asked, call: Call) -> Answer:
    books, code = gateway.books, asked.request.segments[0]
    plan = await gateway.begin(call, Subject("cancel", asked.merchant_id, code))
    order = books.order(asked.merchant_id, code)
    if order is None:
        raise RefusalError("CHARGE_NONEXISTENT", "no such transaction")
    if plan.fault is Fault.CANCEL_FORGOTTEN:
        await gateway.clock.pass_time(plan.latency_seconds)
    elif asked.request.parameters.get("opType") == "ACO":
        await gateway.clock.carry_out(plan.latency_seconds, partial(books.apply_for_revocation, order))
        later = partial(_revoke_applied, books, order, call)
        gateway.clock.later(gateway.conditions.revocation_seconds, later)
    else:
        revoke = partial(books.revoke, order, cause=call.number)
        await gateway.clock.carry_out(plan.latency_seconds, revoke)
    return Answer("SUCCESS", "ok")


def _revoke_applied(books: Books, order: Order, call: Call) -> None:
    if order.state is OrderState.REVOCATION_APPLIED:  # nobody revoked it in real time since
        books.revoke(order, cause=call.number)
