"""refund: money back to the customer, in whole or in part (`POST refund`, docs/protocol.md §5.4)."""

from functools import partial
from typing import Any, Final

from paybus.gateway.members import Members
from paybus.sandbox.admission import Asked
from paybus.sandbox.description import codes, funds
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.fault import Fault
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import attend
from paybus.sandbox.operations.wish import read_amount, read_code, require, text
from paybus.sandbox.order import Order, Refund
from paybus.sandbox.plan import Plan, Subject
from paybus.sandbox.reply import Answer

_REQUIRED: Final = ("BUSI_ID", "OPER_ID", "DEV_ID", "CHARGE_REFUND_FEE", "REFUND_SUBJECT")


async def refund(gateway: Gateway, asked: Asked) -> Answer:
    """Give money back; the answer comes when it has moved."""
    return await attend(gateway, asked, "refund", _codes(asked.members), _act)


def _codes(members: Members) -> tuple[str | None, str | None]:
    return text(members, "CHARGE_CODE") or text(members, "CHARGE_DOWN_CODE"), text(members, "OUT_REFUND_NO")


async def _act(gateway: Gateway, asked: Asked, call: Call) -> Answer:
    members = asked.members
    require(members, _REQUIRED)
    amount = read_amount(members, "CHARGE_REFUND_FEE")
    number = read_code(members, "OUT_REFUND_NO") or None
    order = _order(gateway, asked.merchant_id, members)
    call.charge_code = order.wish.charge_code
    plan = await gateway.begin(
        call, Subject("refund", asked.merchant_id, number or order.wish.charge_code, amount)
    )
    requested = gateway.books.request_refund(
        order, amount, number, call=call.number, lag_seconds=plan.lag_seconds
    )
    await _finish(gateway, requested, plan)
    if plan.fault is Fault.DECLINE:
        raise RefusalError("FAIL", "the platform refused the refund")
    return Answer("SUCCESS", "ok", _members(requested))


async def _finish(gateway: Gateway, requested: Refund, plan: Plan) -> None:
    """Let the platform move the money, or not, at once or after the answer."""
    clock, succeeded = gateway.clock, plan.fault not in {Fault.DECLINE, Fault.REFUND_FAILS_LATE}
    finish = partial(gateway.books.finish_refund, requested, succeeded=succeeded)
    if plan.fault in {Fault.REFUND_LATE, Fault.REFUND_FAILS_LATE}:
        clock.later(plan.latency_seconds + plan.late_seconds, finish)
        await clock.pass_time(plan.latency_seconds)
    else:
        await clock.carry_out(plan.latency_seconds, finish)


def _order(gateway: Gateway, merchant_id: str, members: Members) -> Order:
    """Find the order; the down code wins when both are given."""
    down_code, up_code = text(members, "CHARGE_DOWN_CODE"), text(members, "CHARGE_CODE")
    if down_code is None and up_code is None:
        raise RefusalError("ILLEGAL_PARAMETER", "missing: CHARGE_CODE or CHARGE_DOWN_CODE")
    if down_code is not None:
        order = gateway.books.order_by_down_code(merchant_id, down_code)
    else:
        order = gateway.books.order(merchant_id, up_code or "")
    if order is None:
        raise RefusalError("CHARGE_NONEXISTENT", "no such transaction")
    return order


def _members(done: Refund) -> dict[str, Any]:
    order = done.order
    return {
        "AMT": done.amount_fen,
        **codes(order),
        "FUND_BILL_LIST": funds(order, done.amount_fen),
        "CHANNEL_TYPE": order.wish.channel_type,
    }
