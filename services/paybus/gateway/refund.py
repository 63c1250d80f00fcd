"""refund: money back to the customer, in whole or in part (`POST refund`, docs/protocol.md §5.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paybus.gateway.amount import FundBill
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import MissingParametersError
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import amount_text, present
from paybus.gateway.reply import Answer, Reply
from paybus.trades.money import Fen

REFUND = Endpoint(name="refund", path="refund", root="REFUND_RESP", moves_money=True)
REQUIRED = (
    "BUSI_ID",
    "OPER_ID",
    "DEV_ID",
    "CHARGE_CODE 或 CHARGE_DOWN_CODE",
    "CHARGE_REFUND_FEE",
    "REFUND_SUBJECT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Ask for `amount_fen` (fen) of the order back. One of the two codes is needed; the down code wins.

    `refund_number` (OUT_REFUND_NO) is the caller's own and makes the refund's fate a question that
    can be asked: the protocol leaves it optional, this class does not.
    """

    refund_number: str
    amount_fen: Fen
    subject: str
    charge_code: str | None = None
    down_code: str | None = None
    oper_id: str | None = None
    dev_id: str | None = None
    notify_url: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReply(Reply):
    """SUCCESS means that the refund was taken. `amount_fen` is taken to be the refunded amount."""

    charge_code: str | None
    down_code: str | None
    third_code: str | None
    channel_type: int | None
    amount_fen: Fen | None
    fund_bills: tuple[FundBill, ...]


def write(request: RefundRequest, merchant: Merchant) -> dict[str, Any]:
    """Give the body's members; raises MissingParametersError or InvalidParameterError."""
    members = present(
        {
            "BUSI_ID": merchant.merchant_id,
            "OPER_ID": request.oper_id or merchant.oper_id,
            "DEV_ID": request.dev_id or merchant.dev_id,
            "CHARGE_CODE": request.charge_code,
            "CHARGE_DOWN_CODE": request.down_code,
            "CHARGE_REFUND_FEE": amount_text(request.amount_fen),
            "REFUND_SUBJECT": request.subject,
            "OUT_REFUND_NO": request.refund_number,
            "NODIFY_URL": request.notify_url or merchant.notify_url,
        }
    )
    missing = missing_names(members) + ([] if "OUT_REFUND_NO" in members else ["OUT_REFUND_NO"])
    if missing:
        raise MissingParametersError(missing)
    return {**present(request.extra), **members} if request.extra else members


def missing_names(members: Mapping[str, str]) -> list[str]:
    """List what the protocol requires and *members* lack; either code will do for the order."""
    either = {REQUIRED[3]} if members.keys() & {"CHARGE_CODE", "CHARGE_DOWN_CODE"} else set()
    return [name for name in REQUIRED if name not in members and name not in either]


def read(answer: Answer) -> RefundReply:
    """Read the reply's members."""
    members = answer.members
    return RefundReply(
        charge_code=members.text("CHARGE_CODE"),
        down_code=members.text("CHARGE_DOWN_CODE"),
        third_code=members.text("CHARGE_THIRD_CODE"),
        channel_type=members.integer("CHANNEL_TYPE"),
        amount_fen=members.fen("AMT"),
        fund_bills=members.fund_bills(),
        **answer.head(),
    )
