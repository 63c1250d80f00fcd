"""pay: the merchant scans the customer's code (`POST preOrder`, docs/protocol.md §5.1)."""

from typing import Any, Final

from paybus.sandbox.admission import Asked
from paybus.sandbox.description import codes, funds, particulars, present, time_text
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.fault import Fault
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import attend
from paybus.sandbox.operations.wish import read_wish, text
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Subject
from paybus.sandbox.reply import Answer
from paybus.sandbox.state import OrderState

_REQUIRED: Final = ("BUSI_ID", "OPER_ID", "DEV_ID", "AMT", "DYNAMIC_ID", "CHARGE_CODE", "PAY_SUBJECT")
_ECHOED: Final = frozenset({"OPER_ID", "DEV_ID", "MERCHANTPARA"})
_WHY_UNPAID: Final = {
    OrderState.CLOSED: "the customer declined, or did not pay in time",
    OrderState.REVOKED: "the order was revoked before it was paid",
    OrderState.REVOCATION_APPLIED: "revocation was applied for before it was paid",
}


async def pay(gateway: Gateway, asked: Asked) -> Answer:
    """Charge the customer whose code was scanned; the answer comes when that is decided."""
    return await attend(gateway, asked, "pay", (text(asked.members, "CHARGE_CODE"), None), _act)


async def _act(gateway: Gateway, asked: Asked, call: Call) -> Answer:
    wish = read_wish(asked, _REQUIRED, scanned=True)
    plan = await gateway.begin(call, Subject("pay", wish.merchant_id, wish.charge_code, wish.amount_fen))
    order = gateway.books.open(wish, call=call.number, lag_seconds=plan.lag_seconds)
    if plan.fault is Fault.LATE_CHARGE:
        gateway.customers.hesitating(order, plan)
        await gateway.clock.pass_time(plan.latency_seconds)
        raise RefusalError("EXCEPTION", "the wallet did not answer")
    await gateway.customers.scanned(order, plan)
    if not order.paid_fen:
        raise RefusalError("FAIL", _WHY_UNPAID.get(order.state, "not paid"))
    return Answer("SUCCESS", "ok", _members(order))


def _members(order: Order) -> dict[str, Any]:
    said = {name: value for name, value in particulars(order).items() if name in _ECHOED}
    return present(
        {
            "CHANNEL_TYPE": order.wish.channel_type,
            **codes(order),
            **said,
            "FUND_BILL_LIST": funds(order, order.wish.amount_fen),
            "BEGIN_TIME": time_text(order.begun_at),
            "AMT": order.wish.amount_fen,
        }
    )
