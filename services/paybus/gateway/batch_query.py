"""batch query: a page of orders (`GET queryTrades`, docs/protocol.md §5.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paybus.gateway.china_time import write_time
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.members import Members
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import present, require
from paybus.gateway.reply import Answer, Reply
from paybus.gateway.target import Get
from paybus.trades.money import Fen

BATCH_QUERY = Endpoint(name="batch_query", path="queryTrades", root="ServiceResult")
REQUIRED = ("userId", "beginDate", "endDate", "pageNum", "pageSize", "busiCode")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQueryRequest:
    """Ask for page `page_number` (from 1) of the orders between two times (with a time zone).

    `state` and `channel_type` filter (docs/protocol.md §7.2, §7.4); state 7 means refunded or revoked.
    """

    user_id: str
    begin: datetime
    end: datetime
    page_number: int = 1
    page_size: int = 50
    state: int | None = None
    channel_type: int = 0
    charge_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """One order of the list; times are text in China time, `unreadable` as in Reply."""

    merchant_id: str | None
    charge_code: str | None
    down_code: str | None
    old_code: str | None
    state: int | None
    channel_type: int | None
    amount_fen: Fen | None
    subject: str | None
    oper_id: str | None
    dev_id: str | None
    register_id: str | None
    dynamic_id: str | None
    code_scan_type: int | None
    begin_time: str | None
    end_time: str | None
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQueryReply(Reply):
    """`count` is what the gateway says of the number of orders in this reply, None if nothing."""

    count: int | None
    trades: tuple[TradeRecord, ...]


def write(request: BatchQueryRequest, merchant: Merchant) -> Get:
    """Give the request; raises MissingParametersError. Only the time is signed, no parameter is."""
    parameters = present(
        {
            "userId": request.user_id,
            "beginDate": write_time(request.begin),
            "endDate": write_time(request.end),
            "pageNum": str(request.page_number),
            "pageSize": str(request.page_size),
            "state": None if request.state is None else str(request.state),
            "channelType": str(request.channel_type),
            "chargeCode": request.charge_code,
            "busiCode": merchant.merchant_id,
        }
    )
    require(parameters, REQUIRED)
    return Get(path=BATCH_QUERY.path, signed="", parameters=parameters)


def read(answer: Answer) -> BatchQueryReply:
    """Read the reply's members; the list may be called `tradeInfos` (docs/protocol.md §8 #17)."""
    members = answer.members
    records = members.records("CHARGES") or members.records("TRADEINFOS")
    return BatchQueryReply(
        count=members.integer("CHARGESSIZE"),
        trades=tuple(map(_trade, records)),
        **answer.head(),
    )


def _trade(record: dict[str, Any]) -> TradeRecord:
    members = Members(record)
    return TradeRecord(
        merchant_id=members.text("BUSI_ID"),
        charge_code=members.text("CHARGE_CODE"),
        down_code=members.text("CHARGE_DOWN_CODE"),
        old_code=members.text("CHARGE_OLD_CODE"),
        state=members.integer("STATE"),
        channel_type=members.integer("CHANNEL_TYPE"),
        amount_fen=members.fen("AMT"),
        subject=members.text("PAY_SUBJECT"),
        oper_id=members.text("OPER_ID"),
        dev_id=members.text("DEV_ID"),
        register_id=members.text("REGISTER_ID"),
        dynamic_id=members.text("DYNAMIC_ID"),
        code_scan_type=members.integer("CODE_SCAN_TYPE"),
        begin_time=members.text("BEGIN_TIME"),
        end_time=members.text("END_TIME"),
        unreadable=tuple(members.unreadable),
    )
