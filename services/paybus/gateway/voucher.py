"""Vouchers as the gateway tells of them: the replies to write-off operations (docs/protocol.md §5.10)."""

from dataclasses import dataclass
from typing import Any

from paybus.gateway.members import Members
from paybus.gateway.reply import Answer, Reply
from paybus.trades.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What a code stands for, times in China time as they came; `unreadable` as in Reply."""

    trade_code: str | None
    goods_name: str | None
    goods_spec: str | None
    goods_count: int | None
    amount_fen: Fen | None
    order_date: str | None
    order_validity: str | None
    used_time: int | None
    is_active: int | None
    verify_serial: str | None
    remarks: str | None
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One time that a code was redeemed; its time is text in China time as it came."""

    verify_serial: str | None
    verify_date: str | None
    verify_code: str | None
    voucher: Voucher | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReply(Reply):
    """The code to be handed out."""

    verify_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherReply(Reply):
    """What a code stands for: the answer to redeeming and to looking up."""

    voucher: Voucher | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReply(Reply):
    """What was redeemed."""

    redemptions: tuple[Redemption, ...]


def read_issue(answer: Answer) -> IssueReply:
    """Read the reply to issuing."""
    return IssueReply(verify_code=answer.members.text("VERIFYCODE"), **answer.head())


def read_voucher(answer: Answer) -> VoucherReply:
    """Read the reply to redeeming or looking up."""
    goods = answer.members.below("GOODSINFO")
    return VoucherReply(voucher=None if goods is None else _voucher(goods), **answer.head())


def read_cancel(answer: Answer) -> Reply:
    """Read the reply to cancelling; it has no members of its own."""
    return Reply(**answer.head())


def read_list(answer: Answer) -> ListReply:
    """Read the reply to listing."""
    return ListReply(redemptions=tuple(map(_redemption, answer.members.records("RESULTS"))), **answer.head())


def _voucher(members: Members) -> Voucher:
    return Voucher(
        trade_code=members.text("TRADECODE"),
        goods_name=members.text("GOODSNAME"),
        goods_spec=members.text("GOODSSPEC"),
        goods_count=members.integer("GOODSCOUNT"),
        amount_fen=members.yuan("AMOUNT"),
        order_date=members.text("ORDERDATE"),
        order_validity=members.text("ORDERVALIDITY"),
        used_time=members.integer("USEDTIME"),
        is_active=members.integer("ISACTIVE"),
        verify_serial=members.text("VERIFYSERIAL"),
        remarks=members.text("REMARKS"),
        unreadable=tuple(members.unreadable),
    )


def _redemption(record: dict[str, Any]) -> Redemption:
    members = Members(record)
    goods = members.below("TRADEINFO")
    return Redemption(
        verify_serial=members.text("VERIFYSERIAL"),
        verify_date=members.text("VERIFYDATE"),
        verify_code=members.text("VERIFYCODE"),
        voucher=None if goods is None else _voucher(goods),
    )
