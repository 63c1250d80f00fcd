"""What a callback says, and what is sent beside it when callbacks go wrong (docs/protocol.md §6.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from paybus.gateway.amount import FundBill, write_fund_bill
from paybus.gateway.callback import OutgoingCallback
from paybus.sandbox.description import codes, funds, particulars, time_text
from paybus.sandbox.fault import Fault
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Plan
from paybus.sandbox.state import OrderState
from paybus.trades.money import Fen

_BUYER: Final = "2088000000000000"
_FORGED_KEY: Final = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One callback: about which order, where to, signed with which key, saying what.

    `kind` is what the books call it. `once` says that it is sent only once whatever is answered,
    `then` what is sent behind it; with `verbatim` that is exactly what was sent before.
    """

    order: Order
    notify_url: str
    key: str
    members: dict[str, Any]
    kind: str = "genuine"
    after_seconds: float = 0.0
    once: bool = False
    then: "Notice | None" = None
    verbatim: OutgoingCallback | None = None


def plan_notices(order: Order, notify_url: str, key: str, plan: Plan) -> Notice | None:
    """Give the callback about a paid order with all that goes wrong, None if it gets lost."""
    genuine = Notice(order=order, notify_url=notify_url, key=key, members=describe(order))
    spoil = _SPOILT.get(plan.fault) if plan.fault else None
    return genuine if spoil is None else spoil(genuine, plan)


def describe(
    order: Order, *, state: OrderState = OrderState.PAID, amount_fen: int | None = None
) -> dict[str, Any]:
    """Give the callback's members, the amount paid unless another is given."""
    wish = order.wish
    amount = wish.amount_fen if amount_fen is None else amount_fen
    return {
        "BEGIN_TIME": time_text(order.begun_at),
        "END_TIME": time_text(order.ended_at),
        "buyerId": _BUYER,
        "BUSI_ID": wish.merchant_id,
        **codes(order),
        "CHANNEL_TYPE": wish.channel_type,
        "STATE": state.value,
        **particulars(order),
        **_raw_result(order, amount),
        "FUND_BILL_LIST": funds(order, amount),
        "AMT": amount,
    }


def _raw_result(order: Order, amount: int) -> dict[str, Any]:
    """Give what the channel itself said; its sign is WeChat's and means nothing here."""
    if order.wish.channel_type == 2:
        return {"weixin": _wechat(order, amount)}
    return {"ali": _alipay(order, amount)} if order.wish.channel_type == 1 else {}


def _wechat(order: Order, amount: int) -> dict[str, Any]:
    return {
        "appid": "wx0000000000000000",
        "cash_fee": amount,
        "fee_type": "CNY",
        "is_subscribe": "N",
        "nonce_str": "0" * 16,
        "openid": "oSANDBOX00000000000000000000",
        "out_trade_no": order.down_code,
        "result_code": "SUCCESS",
        "return_code": "SUCCESS",
        "return_msg": "OK",
        "sign": "0" * 32,
        "total_fee": amount,
        "trade_state": "SUCCESS",
        "trade_type": order.wish.particulars.trade_type or "NATIVE",
        "transaction_id": order.third_code,
    }


def _alipay(order: Order, amount: int) -> dict[str, Any]:
    yuan = write_fund_bill(FundBill("", Fen(amount)))["AMOUNT"]
    return {
        "buyer_logon_id": "san***@example.com",
        "buyer_user_id": _BUYER,
        "fund_bill_list": {"tradeFundBill": [{"amount": yuan, "fund_channel": "ALIPAYACCOUNT"}]},
        "out_trade_no": order.down_code,
        "total_fee": yuan,
        "trade_no": order.third_code,
        "trade_status": "TRADE_SUCCESS",
    }


def _late(genuine: Notice, plan: Plan) -> Notice:
    return replace(genuine, after_seconds=plan.late_seconds)


def _duplicate(genuine: Notice, _plan: Plan) -> Notice:
    return replace(genuine, then=replace(genuine, kind="duplicate"))


def _replayed(genuine: Notice, _plan: Plan) -> Notice:
    return replace(genuine, then=replace(genuine, kind="replayed", once=True))


def _out_of_order(genuine: Notice, _plan: Plan) -> Notice:
    older = describe(genuine.order, state=OrderState.PENDING)
    return replace(genuine, then=replace(genuine, kind="out_of_order", members=older))


def _forged(genuine: Notice, _plan: Plan) -> Notice:
    more = describe(genuine.order, amount_fen=genuine.order.wish.amount_fen * 100)
    return replace(genuine, kind="forged", key=_FORGED_KEY, members=more, once=True, then=genuine)


def _wrong_amount(genuine: Notice, _plan: Plan) -> Notice:
    wrong = describe(genuine.order, amount_fen=genuine.order.wish.amount_fen + 1)
    return replace(genuine, kind="wrong_amount", members=wrong)


_SPOILT: Final[Mapping[Fault, Callable[[Notice, Plan], Notice | None]]] = {
    Fault.CALLBACK_LOST: lambda _genuine, _plan: None,
    Fault.CALLBACK_LATE: _late,
    Fault.CALLBACK_DUPLICATE: _duplicate,
    Fault.CALLBACK_REPLAYED: _replayed,
    Fault.CALLBACK_OUT_OF_ORDER: _out_of_order,
    Fault.CALLBACK_FORGED: _forged,
    Fault.CALLBACK_WRONG_AMOUNT: _wrong_amount,
}
