"""query: what became of an order or a refund (`GET query/{code}/{merchant}`, docs/protocol.md §5.3)."""

from dataclasses import dataclass
from enum import StrEnum, unique

from paybus.gateway.amount import FundBill
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import path_segment, present, require
from paybus.gateway.reply import Answer, Reply
from paybus.gateway.target import Get
from paybus.trades.money import Fen

QUERY = Endpoint(name="query", path="query", root="QUERY_RESP")


@unique
class By(StrEnum):
    """What the code of a query is."""

    CHARGE_CODE = "charge_code"
    DOWN_CODE = "down_code"
    REFUND_NUMBER = "refund_number"
    """The reply's state is one of the refund states 10-14."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRequest:
    """Ask about `code`, which is the merchant's number, the gateway's, or that of a refund."""

    code: str
    by: By = By.CHARGE_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReply(Reply):
    """SUCCESS means that the query worked; the order's fate is `state` (docs/protocol.md §7.4)."""

    merchant_id: str | None
    charge_code: str | None
    down_code: str | None
    third_code: str | None
    state: int | None
    channel_type: int | None
    amount_fen: Fen | None
    subject: str | None
    begin_time: str | None
    end_time: str | None
    oper_id: str | None
    dev_id: str | None
    register_id: str | None
    dynamic_id: str | None
    merchant_para: str | None
    fund_bills: tuple[FundBill, ...]
    goods: tuple[dict[str, object], ...]


def write(request: QueryRequest, merchant: Merchant) -> Get:
    """Give the request; raises MissingParametersError or InvalidParameterError."""
    require(present({"chargeCode": request.code}), ["chargeCode"])
    by_down_code = {"serType": "1"} if request.by is By.DOWN_CODE else {}
    return Get(
        path=f"{QUERY.path}/{path_segment(request.code)}/{path_segment(merchant.merchant_id)}",
        signed=request.code,
        parameters={"BUSI_ID": merchant.merchant_id, **by_down_code},
    )


def read(answer: Answer) -> QueryReply:
    """Read the reply's members."""
    members = answer.members
    return QueryReply(
        merchant_id=members.text("BUSI_ID"),
        charge_code=members.text("CHARGE_CODE"),
        down_code=members.text("CHARGE_DOWN_CODE"),
        third_code=members.text("CHARGE_THIRD_CODE"),
        state=members.integer("STATE"),
        channel_type=members.integer("CHANNEL_TYPE"),
        amount_fen=members.fen("AMT"),
        subject=members.text("PAY_SUBJECT"),
        begin_time=members.text("BEGIN_TIME"),
        end_time=members.text("END_TIME"),
        oper_id=members.text("OPER_ID"),
        dev_id=members.text("DEV_ID"),
        register_id=members.text("REGISTER_ID"),
        dynamic_id=members.text("DYNAMIC_ID"),
        merchant_para=members.text("MERCHANTPARA"),
        fund_bills=members.fund_bills(),
        goods=tuple(members.records("GOODS_DETAIL")),
        **answer.head(),
    )
