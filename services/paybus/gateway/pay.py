"""pay: the merchant scans the customer's code (`POST preOrder`, docs/protocol.md §5.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paybus.gateway.amount import FundBill
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import Goods, amount_text, goods_detail, present, require
from paybus.gateway.reply import Answer, Reply
from paybus.trades.money import Fen

PAY = Endpoint(name="pay", path="preOrder", root="ORDER_RESP", moves_money=True, patient=True)
REQUIRED = (
    "BUSI_ID",
    "OPER_ID",
    "DEV_ID",
    "AMT",
    "CHANNEL_TYPE",
    "DYNAMIC_ID_TYPE",
    "DYNAMIC_ID",
    "CHARGE_CODE",
    "PAY_SUBJECT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRequest:
    """Ask for a payment of `amount_fen` (fen) with the scanned `dynamic_id`.

    `oper_id`, `dev_id` and `notify_url` are the merchant's own unless given. `extra` adds members
    that the protocol allows and this class does not name; it never replaces a named one.
    """

    charge_code: str
    amount_fen: Fen
    dynamic_id: str
    subject: str
    channel_type: str = "0"
    dynamic_id_type: str = "1"
    oper_id: str | None = None
    dev_id: str | None = None
    merchant_para: str | None = None
    register_id: str | None = None
    sub_appid: str | None = None
    sub_openid: str | None = None
    notify_url: str | None = None
    goods: tuple[Goods, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayReply(Reply):
    """SUCCESS means paid. Times are text in China time as they came (docs/protocol.md §4)."""

    charge_code: str | None
    down_code: str | None
    third_code: str | None
    channel_type: int | None
    amount_fen: Fen | None
    begin_time: str | None
    oper_id: str | None
    dev_id: str | None
    merchant_para: str | None
    fund_bills: tuple[FundBill, ...]


def write(request: PayRequest, merchant: Merchant) -> dict[str, Any]:
    """Give the body's members; raises MissingParametersError or InvalidParameterError."""
    members: dict[str, Any] = present(
        {
            "BUSI_ID": merchant.merchant_id,
            "OPER_ID": request.oper_id or merchant.oper_id,
            "DEV_ID": request.dev_id or merchant.dev_id,
            "AMT": amount_text(request.amount_fen),
            "CHANNEL_TYPE": request.channel_type,
            "DYNAMIC_ID_TYPE": request.dynamic_id_type,
            "DYNAMIC_ID": request.dynamic_id,
            "CHARGE_CODE": request.charge_code,
            "PAY_SUBJECT": request.subject,
            "MERCHANTPARA": request.merchant_para,
            "REGISTER_ID": request.register_id,
            "subAppid": request.sub_appid,
            "subOpenid": request.sub_openid,
            "NODIFY_URL": request.notify_url or merchant.notify_url,
        }
    )
    require(members, REQUIRED)
    if request.goods:
        members["GOODS_DETAIL"] = goods_detail(request.goods)
    return {**present(request.extra), **members} if request.extra else members


def read(answer: Answer) -> PayReply:
    """Read the reply's members."""
    members = answer.members
    return PayReply(
        charge_code=members.text("CHARGE_CODE"),
        down_code=members.text("CHARGE_DOWN_CODE"),
        third_code=members.text("CHARGE_THIRD_CODE"),
        channel_type=members.integer("CHANNEL_TYPE"),
        amount_fen=members.fen("AMT"),
        begin_time=members.text("BEGIN_TIME"),
        oper_id=members.text("OPER_ID"),
        dev_id=members.text("DEV_ID"),
        merchant_para=members.text("MERCHANTPARA"),
        fund_bills=members.fund_bills(),
        **answer.head(),
    )
