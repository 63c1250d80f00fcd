"""The order that a request asks for, shared by pay and precreate (docs/protocol.md §5.1, §5.2)."""

from collections.abc import Sequence
from sys import intern
from typing import Final

from paybus.gateway.members import Members
from paybus.sandbox.admission import Asked
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.order import OrderWish, Particulars
from paybus.trades.money import Fen, MoneyError, fen_from_yuan

MAX_CODE: Final = 64  # characters of a code that goes into paths (docs/protocol.md §5.3)
_NO_URL: Final = frozenset({"", "null"})


def read_wish(asked: Asked, required: Sequence[str], *, scanned: bool) -> OrderWish:
    """Read the order of a request; raises RefusalError."""
    members = asked.members
    require(members, required)
    return OrderWish(
        merchant_id=asked.merchant_id,
        charge_code=read_code(members, "CHARGE_CODE"),
        amount_fen=read_amount(members, "AMT"),
        channel_type=_channel(members, scanned=scanned),
        scanned=scanned,
        particulars=_particulars(members),
    )


def require(members: Members, names: Sequence[str]) -> None:
    """Raise RefusalError naming what is missing; blank counts as missing (docs/protocol.md §5.0)."""
    missing = [name for name in names if text(members, name) is None]
    if missing:
        raise RefusalError("ILLEGAL_PARAMETER", f"missing or unreadable: {', '.join(missing)}")


def text(members: Members, name: str) -> str | None:
    """Give a member's text, None for nothing or blanks."""
    value = members.text(name)
    return None if value is None or not value or value.isspace() else value


def read_code(members: Members, name: str) -> str:
    """Give a merchant's own number; raises RefusalError for one that is too long."""
    code = text(members, name) or ""
    if len(code) > MAX_CODE or not code.isprintable():
        raise RefusalError(
            "ILLEGAL_PARAMETER", f"{name} has more than {MAX_CODE} characters, or strange ones"
        )
    return code


def read_amount(members: Members, name: str) -> Fen:
    """Read yuan text; raises RefusalError (docs/protocol.md §5.0)."""
    try:
        return fen_from_yuan(members.value(name))
    except MoneyError as error:
        raise RefusalError("AMT_ERROR", str(error)) from None


def _channel(members: Members, *, scanned: bool) -> int:
    """Give the channel; 0 leaves it to the gateway, which knows it by the scanned code's first digits."""
    channel = members.integer("CHANNEL_TYPE")
    if channel is None and (not scanned or "CHANNEL_TYPE" in members):
        raise RefusalError("ILLEGAL_PARAMETER", "CHANNEL_TYPE is not a number")
    if channel:
        return channel
    wechat = (members.text("DYNAMIC_ID") or "")[:2] in {"10", "11", "12", "13", "14", "15"}
    return 2 if wechat else 1


def _particulars(members: Members) -> Particulars:
    notify_url = members.text("NODIFY_URL") or ""
    return Particulars(
        # Few different values in millions of orders: interned they cost nothing.
        oper_id=intern(text(members, "OPER_ID") or ""),
        dev_id=intern(text(members, "DEV_ID") or ""),
        subject=intern(text(members, "PAY_SUBJECT") or ""),
        merchant_para=text(members, "MERCHANTPARA"),
        register_id=text(members, "REGISTER_ID"),
        dynamic_id=text(members, "DYNAMIC_ID"),
        trade_type=text(members, "TRADE_TYPE"),
        notify_url=None if notify_url in _NO_URL else intern(notify_url),
        goods=tuple(members.records("GOODS_DETAIL")),
    )
