"""What can be asked about vouchers: the five write-off operations, typed (docs/protocol.md §5.10).

A voucher stands for goods that were sold; it is issued as a code and redeemed at a till. What goes over
the wire is in `write_off.py`, what comes back in `voucher.py`.
"""

from dataclasses import dataclass
from datetime import datetime

from paybus.gateway.china_time import write_time
from paybus.gateway.parameters import amount_text
from paybus.gateway.write_off import Places, WriteOff, WriteOffRequest
from paybus.trades.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """Ask for a code that may be redeemed `total_verify_number` times, at `places`.

    `trade_code` is the merchant's own number of the sale; times have a zone.
    """

    trade_code: str
    goods_name: str
    goods_code: str
    goods_count: int
    total_verify_number: int
    places: tuple[Places, ...]
    order_date: datetime | None = None
    order_validity: datetime | None = None
    goods_spec: str | None = None
    amount_fen: Fen | None = None
    remarks: str | None = None
    notify_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemRequest:
    """Redeem a code at a till. What `immediate_confirm` may be besides "1" is not known."""

    verify_code: str
    device_code: str
    immediate_confirm: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpRequest:
    """Ask for the goods of a sale."""

    trade_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Make a code worthless."""

    trade_code: str
    verify_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """Ask for page `page_number` (from 1) of what a till redeemed between two times (with a zone)."""

    device_code: str
    begin: datetime
    end: datetime
    page_number: int = 1
    page_size: int = 50
    verify_serial: str | None = None
    verify_code: str | None = None


AnyRequest = IssueRequest | RedeemRequest | LookUpRequest | CancelRequest | ListRequest


def write(request: AnyRequest) -> WriteOffRequest:
    """Give the request by the protocol's names; raises InvalidParameterError for an amount of nothing."""
    match request:
        case IssueRequest():
            return _issue(request)
        case RedeemRequest():
            return _of(
                WriteOff.REDEEM,
                verifyCode=request.verify_code,
                deviceCode=request.device_code,
                immedyConfirm=request.immediate_confirm,
            )
        case LookUpRequest():
            return _of(WriteOff.LOOK_UP, tradeCode=request.trade_code)
        case CancelRequest():
            return _of(WriteOff.CANCEL, tradeCode=request.trade_code, verifyCode=request.verify_code)
        case ListRequest():
            return _list(request)


def _of(operation: WriteOff, **members: str | None) -> WriteOffRequest:
    return WriteOffRequest(
        operation=operation, members={name: text for name, text in members.items() if text}
    )


def _issue(request: IssueRequest) -> WriteOffRequest:
    members = {
        "tradeCode": request.trade_code,
        "goodsName": request.goods_name,
        "goodsCode": request.goods_code,
        "goodsCount": str(request.goods_count),
        "totalVerifyNumber": str(request.total_verify_number),
        "orderDate": _time(request.order_date),
        "orderValidity": _time(request.order_validity),
        "goodsSpec": request.goods_spec,
        "amount": None if request.amount_fen is None else amount_text(request.amount_fen),
        "remarks": request.remarks,
    }
    return WriteOffRequest(
        operation=WriteOff.ISSUE,
        members={name: text for name, text in members.items() if text},
        places=request.places,
        notify_url=request.notify_url,
    )


def _list(request: ListRequest) -> WriteOffRequest:
    return _of(
        WriteOff.LIST,
        deviceCode=request.device_code,
        beginVerDate=write_time(request.begin),
        endVerDate=write_time(request.end),
        pageNo=str(request.page_number),
        pageSize=str(request.page_size),
        verifySerial=request.verify_serial,
        verifyCode=request.verify_code,
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else write_time(moment)
