"""order (precreate): the customer pays what the merchant shows (`POST order`, docs/protocol.md §5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any

from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import MissingParametersError
from paybus.gateway.members import Members
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import Goods, amount_text, goods_detail, present, require
from paybus.gateway.reply import Answer, Reply
from paybus.trades.money import Fen

ORDER = Endpoint(name="order", path="order", root="ORDER_RESP", moves_money=True)
REQUIRED = ("BUSI_ID", "OPER_ID", "DEV_ID", "AMT", "CHANNEL_TYPE", "CHARGE_CODE", "PAY_SUBJECT")

# The names WeChat's bridge expects, and the gateway's names for them.
_BRIDGE = {
    "appId": "APPID",
    "timeStamp": "TIMESTAMP",
    "nonceStr": "NONCESTR",
    "package": "PACKAGEDATA",
    "signType": "SIGNTYPE",
    "paySign": "SIGN",
}


@unique
class TradeType(StrEnum):
    """How the customer pays: scanning a code, inside WeChat, or inside an app."""

    NATIVE = "NATIVE"
    JSAPI = "JSAPI"
    APP = "APP"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """Ask for an order over `amount_fen` (fen) that a customer can pay on `channel_type`.

    JSAPI needs `sub_openid`. `time_expire` is the order's lifetime in the gateway's own, unknown
    unit (docs/protocol.md §5.2). Other members as in PayRequest.
    """

    charge_code: str
    amount_fen: Fen
    channel_type: int
    subject: str
    trade_type: TradeType = TradeType.NATIVE
    oper_id: str | None = None
    dev_id: str | None = None
    merchant_para: str | None = None
    register_id: str | None = None
    sub_appid: str | None = None
    sub_openid: str | None = None
    open_id: str | None = None
    time_expire: int | None = None
    notify_url: str | None = None
    goods: tuple[Goods, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReply(Reply):
    """SUCCESS means that the order waits for payment.

    `bar_code` is the text of a QR code or a link; `jsapi` holds the parameters of WeChat's bridge
    under the bridge's names (its `paySign` is WeChat's, not the gateway's signature).
    """

    charge_code: str | None
    down_code: str | None
    third_code: str | None
    bar_code: str | None
    prepay_id: str | None
    jsapi: dict[str, str] | None
    begin_time: str | None
    end_time: str | None


def write(request: OrderRequest, merchant: Merchant) -> dict[str, Any]:
    """Give the body's members; raises MissingParametersError or InvalidParameterError."""
    members: dict[str, Any] = present(
        {
            "BUSI_ID": merchant.merchant_id,
            "OPER_ID": request.oper_id or merchant.oper_id,
            "DEV_ID": request.dev_id or merchant.dev_id,
            "AMT": amount_text(request.amount_fen),
            "CHANNEL_TYPE": str(request.channel_type),
            "DYNAMIC_ID_TYPE": "2",  # meaningless here, sent as the vendor's own client does
            "CHARGE_CODE": request.charge_code,
            "PAY_SUBJECT": request.subject,
            "TRADE_TYPE": request.trade_type.value,
            "MERCHANTPARA": request.merchant_para,
            "REGISTER_ID": request.register_id,
            "subAppid": request.sub_appid,
            "subOpenid": request.sub_openid,
            "openId": request.open_id,
            "TIME_EXPIRE": None if request.time_expire is None else str(request.time_expire),
            "NODIFY_URL": request.notify_url or merchant.notify_url,
        }
    )
    require(members, REQUIRED)
    if request.trade_type is TradeType.JSAPI and "subOpenid" not in members:
        raise MissingParametersError(["subOpenid"])
    if request.goods:
        members["GOODS_DETAIL"] = goods_detail(request.goods)
    return {**present(request.extra), **members} if request.extra else members


def read(answer: Answer) -> OrderReply:
    """Read the reply's members."""
    members = answer.members
    return OrderReply(
        charge_code=members.text("CHARGE_CODE"),
        down_code=members.text("CHARGE_DOWN_CODE"),
        third_code=members.text("CHARGE_THIRD_CODE"),
        bar_code=members.text("BAR_CODE"),
        prepay_id=members.text("PREPAYID"),
        jsapi=_jsapi(members),
        begin_time=members.text("BEGIN_TIME"),
        end_time=members.text("END_TIME"),
        **answer.head(),
    )


def _jsapi(members: Members) -> dict[str, str] | None:
    if not members.value("PACKAGEDATA"):
        return None
    return {name: text for name, wire in _BRIDGE.items() if (text := members.text(wire)) is not None}
