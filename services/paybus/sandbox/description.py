"""An order in the protocol's members, for replies and callbacks (docs/protocol.md §5, §6.1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from paybus.gateway.amount import FundBill, write_fund_bill
from paybus.gateway.china_time import CHINA_TIME, write_time
from paybus.sandbox.order import Order
from paybus.trades.money import Fen

_FUND_CHANNELS: Final = {1: "10", 2: "11", 31: "12"}  # balance at Alipay, WeChat, QQ Wallet
_OTHER_FUND_CHANNEL: Final = "9001"  # a bank card


def time_text(at: float | None) -> str | None:
    """Write Unix seconds as China time; None stays None."""
    return None if at is None else write_time(datetime.fromtimestamp(at, CHINA_TIME))


def codes(order: Order) -> dict[str, Any]:
    """Give the order's three codes; the third exists once it was paid."""
    return present(
        {
            "CHARGE_CODE": order.wish.charge_code,
            "CHARGE_DOWN_CODE": order.down_code,
            "CHARGE_THIRD_CODE": order.third_code if order.paid_fen else None,
        }
    )


def page_path(order: Order) -> str:
    """Give where the page is on which a person plays the order's customer."""
    return f"/customer/{order.wish.merchant_id}/{order.down_code}"


def bar_code(order: Order, host: str) -> str | None:
    """Give BAR_CODE, which leads to the order's page at *host*; None if there is nothing to be scanned."""
    native = (order.wish.particulars.trade_type or "NATIVE") == "NATIVE"
    return f"http://{host}{page_path(order)}" if native and not order.wish.scanned else None


def funds(order: Order, amount: int) -> dict[str, Any]:
    """Give FUND_BILL_LIST: all of *amount* (fen) from one source."""
    channel = _FUND_CHANNELS.get(order.wish.channel_type, _OTHER_FUND_CHANNEL)
    return {"TRADEFUNDBILL": [write_fund_bill(FundBill(channel, Fen(amount)))]}


def particulars(order: Order) -> dict[str, Any]:
    """Give what the order's request said and the gateway repeats."""
    said = order.wish.particulars
    return present(
        {
            "OPER_ID": said.oper_id,
            "DEV_ID": said.dev_id,
            "PAY_SUBJECT": said.subject,
            "MERCHANTPARA": said.merchant_para,
            "REGISTER_ID": said.register_id,
            "DYNAMIC_ID": said.dynamic_id,
            "GOODS_DETAIL": list(said.goods) or None,
        }
    )


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Give the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
