"""write-off: codes that are issued and redeemed for goods (docs/protocol.md §5.10)."""

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from paybus.gateway.china_time import read_time
from paybus.gateway.members import Members
from paybus.gateway.write_off import WriteOff
from paybus.sandbox.admission import Asked
from paybus.sandbox.description import present, time_text
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import inform
from paybus.sandbox.operations.page import read_page
from paybus.sandbox.operations.wish import read_code, require, text
from paybus.sandbox.reply import Answer
from paybus.sandbox.voucher import Place, Redemption, Voucher, VoucherWish

_GOODS: Final = (
    "goodsName",
    "goodsSpec",
    "goodsCode",
    "goodsCount",
    "orderDate",
    "orderValidity",
    "amount",
    "remarks",
)
_ONLY_LOOKING: Final = frozenset({"0", "false", "no"})  # of immedyConfirm, whose values nobody documents
_MAX_PLACES: Final = 1000  # shops of one merchant

Carry = Callable[[Gateway, Asked], dict[str, Any]]


async def write_off(gateway: Gateway, asked: Asked, *, operation: WriteOff) -> Answer:
    """Carry out one of the five operations."""
    return await inform(gateway, asked, lambda gateway, asked: _answer(gateway, asked, operation))


def _answer(gateway: Gateway, asked: Asked, operation: WriteOff) -> Answer:
    in_query = ("pageNo", "pageSize") if operation is WriteOff.LIST else ()
    special = {"busiCodeNums", *in_query}
    require(asked.members, [name.upper() for name in operation.required if name not in special])
    return Answer("SUCCESS", "ok", _CARRY[operation](gateway, asked))


def _issue(gateway: Gateway, asked: Asked) -> dict[str, Any]:
    members = asked.members
    validity = read_time(text(members, "ORDERVALIDITY"))
    goods = {name: text(members, name.upper()) for name in _GOODS}
    wish = VoucherWish(
        merchant_id=asked.merchant_id,
        trade_code=read_code(members, "TRADECODE"),
        goods=present(goods),
        most=_count(members, "TOTALVERIFYNUMBER"),
        places=_places(members),
        valid_until=validity.timestamp() if validity else None,
    )
    return {"verifyCode": gateway.vouchers.issue(wish).code}


def _redeem(gateway: Gateway, asked: Asked) -> dict[str, Any]:
    members = asked.members
    voucher = gateway.vouchers.of_code(text(members, "VERIFYCODE") or "")
    if (text(members, "IMMEDYCONFIRM") or "").lower() not in _ONLY_LOOKING:
        gateway.vouchers.redeem(voucher, asked.merchant_id, text(members, "DEVICECODE") or "")
    return {"goodsINFO": _goods(voucher)}


def _look_up(gateway: Gateway, asked: Asked) -> dict[str, Any]:
    return {"goodsINFO": _goods(gateway.vouchers.of_trade(asked.merchant_id, _trade_code(asked)))}


def _cancel(gateway: Gateway, asked: Asked) -> dict[str, Any]:
    voucher = gateway.vouchers.of_trade(asked.merchant_id, _trade_code(asked))
    if voucher.code != text(asked.members, "VERIFYCODE"):
        raise RefusalError("CHARGE_NONEXISTENT", "the code is not that of the trade")
    gateway.vouchers.cancel(voucher)
    return {}


def _list(gateway: Gateway, asked: Asked) -> dict[str, Any]:
    page = read_page(asked.request.parameters, number="pageNo", size="pageSize")
    found = (done for done in gateway.vouchers.redemptions if _matches(done, asked))
    return {"results": [_result(done) for done in islice(found, page.begin, page.end)]}


_CARRY: Final[dict[WriteOff, Carry]] = {
    WriteOff.ISSUE: _issue,
    WriteOff.REDEEM: _redeem,
    WriteOff.LOOK_UP: _look_up,
    WriteOff.CANCEL: _cancel,
    WriteOff.LIST: _list,
}


def _matches(done: Redemption, asked: Asked) -> bool:
    members = asked.members
    begin, end = read_time(text(members, "BEGINVERDATE")), read_time(text(members, "ENDVERDATE"))
    if begin is None or end is None:
        raise RefusalError("ILLEGAL_PARAMETER", "beginVerDate and endVerDate must be times")
    return (
        done.merchant_id == asked.merchant_id
        and done.device_code == text(members, "DEVICECODE")
        and begin.timestamp() <= done.at <= end.timestamp() + 1  # the last second belongs to it
        and text(members, "VERIFYSERIAL") in {None, done.serial}
        and text(members, "VERIFYCODE") in {None, done.voucher.code}
    )


def _result(done: Redemption) -> dict[str, Any]:
    return {
        "verifySerial": done.serial,
        "verifyDate": time_text(done.at),
        "verifyCode": done.voucher.code,
        "tradeInfo": _goods(done.voucher),
    }


def _goods(voucher: Voucher) -> dict[str, Any]:
    return {
        "tradeCode": voucher.wish.trade_code,
        **voucher.wish.goods,
        "usedTime": len(voucher.redemptions),
        "verifySerial": voucher.redemptions[-1].serial if voucher.redemptions else "",
        "isActive": int(voucher.active),
    }


def _trade_code(asked: Asked) -> str:
    return text(asked.members, "TRADECODE") or ""


def _count(members: Members, name: str) -> int:
    count = members.integer(name)
    if count is None or count < 1:
        raise RefusalError("ILLEGAL_PARAMETER", f"{name} must be a whole number above zero")
    return count


def _places(members: Members) -> tuple[Place, ...]:
    places = tuple(map(_place, members.records("BUSICODENUMS")))
    if not 0 < len(places) <= _MAX_PLACES:
        raise RefusalError("ILLEGAL_PARAMETER", f"busiCodeNums must have 1 to {_MAX_PLACES} places")
    return places


def _place(record: dict[str, Any]) -> Place:
    place = Members(record)
    codes = place.value("BUSICODES")
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise RefusalError("ILLEGAL_PARAMETER", "busiCodes must be a list of merchants")
    return Place(frozenset(codes), _count(place, "VERIFYNUMBER"))
