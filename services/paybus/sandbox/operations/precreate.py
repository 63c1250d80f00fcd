"""precreate: the customer pays what the merchant shows (`POST order`, docs/protocol.md §5.2)."""

from typing import Any, Final

from paybus.sandbox.admission import Asked
from paybus.sandbox.description import bar_code, codes, particulars, present, time_text
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import attend
from paybus.sandbox.operations.wish import read_wish, text
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Subject
from paybus.sandbox.reply import Answer

_REQUIRED: Final = ("BUSI_ID", "OPER_ID", "DEV_ID", "AMT", "CHANNEL_TYPE", "CHARGE_CODE", "PAY_SUBJECT")
_TRADE_TYPES: Final = frozenset({"NATIVE", "JSAPI", "APP"})
_WECHATS_SIGN: Final = "0" * 32  # WeChat's, not the gateway's; nobody here can check it


async def precreate(gateway: Gateway, asked: Asked) -> Answer:
    """Create an order for the customer to pay."""
    return await attend(gateway, asked, "order", (text(asked.members, "CHARGE_CODE"), None), _act)


async def _act(gateway: Gateway, asked: Asked, call: Call) -> Answer:
    wish = read_wish(asked, _REQUIRED, scanned=False)
    _check_trade_type(asked)
    plan = await gateway.begin(call, Subject("order", wish.merchant_id, wish.charge_code, wish.amount_fen))
    order = gateway.books.open(wish, call=call.number, lag_seconds=plan.lag_seconds)
    gateway.customers.invited(order, plan)
    await gateway.clock.pass_time(plan.latency_seconds)
    return Answer("SUCCESS", "ok", _members(order, asked.request.host))


def _check_trade_type(asked: Asked) -> None:
    trade_type = text(asked.members, "TRADE_TYPE") or "NATIVE"
    if trade_type not in _TRADE_TYPES:
        raise RefusalError("ILLEGAL_PARAMETER", "TRADE_TYPE is none of NATIVE, JSAPI, APP")
    if trade_type == "JSAPI" and text(asked.members, "SUBOPENID") is None:
        raise RefusalError("ILLEGAL_PARAMETER", "JSAPI needs subOpenid")


def _members(order: Order, host: str) -> dict[str, Any]:
    return present(
        {
            **codes(order),
            "MERCHANTPARA": particulars(order).get("MERCHANTPARA"),
            "BEGIN_TIME": time_text(order.begun_at),
            **_means_of_payment(order, host),
        }
    )


def _means_of_payment(order: Order, host: str) -> dict[str, str]:
    scannable = bar_code(order, host)
    if scannable is not None:
        return {"BAR_CODE": scannable}
    prepay_id = f"wx{order.down_code}"
    return {
        "prepayId": prepay_id,
        "appId": "wx0000000000000000",
        "timeStamp": str(int(order.begun_at)),
        "nonceStr": f"{order.down_code:0>32}"[-32:],
        "packageData": f"prepay_id={prepay_id}"
        if order.wish.particulars.trade_type == "JSAPI"
        else "Sign=WXPay",
        "signType": "MD5",
        "sign": _WECHATS_SIGN,
    }
