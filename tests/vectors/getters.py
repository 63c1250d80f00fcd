"""The SDK's getters beside our fields: what each gave for a reply must be what ours says."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from paybus.gateway.china_time import read_time
from paybus.trades.money import MAX_FEN

# The SDK's getters whose name is not that of our field.
FIELDS = {
    "getAmt": "amount_fen",
    "getRealAmt": "amount_fen",
    "getAmount": "amount_fen",
    "getChargeDownCode": "down_code",
    "getChargeThirdCode": "third_code",
    "getChargeOldCode": "old_code",
    "getBusiCode": "merchant_id",
    "getBusiID": "merchant_id",
    "getPaySubject": "subject",
    "getTradeFundBillList": "fund_bills",
    "getChargesSize": "count",
    "getTradeInfos": "trades",
    "getSosoPayChannel": "channels",
    "getChannelName": "name",
    "getSortNO": "sort_number",
    "getSortNo": "sort_number",
    "getPaymentName": "name",
    "getPaymentType": "channel_type",
    "getGoodsInfo": "voucher",
    "getTradeInfo": "voucher",
    "getVerifyResults": "redemptions",
    "getGoodsDetail": "goods",
    "getGoodsDetails": "goods",
}
YUAN = {"getRealAmt", "getAmount"}  # the SDK gives yuan where we have fen
MISSING = object()


def compare(parsed: dict[str, Any], reply: Any, *, info_is_spoilt: bool) -> None:
    """Hold every getter of the SDK against the field of ours that says the same."""
    for getter, expected in parsed.items():
        if getter == "getResult":
            assert reply.code == normal_code(expected.get("getCode"))
            assert info_is_spoilt or same(reply.info, value_of(expected.get("getInfo")), getter)
        else:
            compare_value(getter, expected, reply)


def normal_code(code: object) -> str:
    """Say by our rule what a return code is (docs/protocol.md §8 #1)."""
    shown = "" if code is None else str(code).strip().upper()
    return "SUCCESS" if shown == "SUCESS" else shown


def compare_value(getter: str, expected: Any, ours: Any) -> None:
    """Compare one getter with the field or member of *ours* that it names."""
    if getter == "getTradeFundBillList":
        compare_fund_bills((expected or {}).get("getTradeFundBill"), ours)
        return
    value = find(getter, ours)
    if value is MISSING:  # a getter we have no field for: its values must be somewhere in our reply
        shown = list(leaves(asdict(ours) if is_dataclass(ours) else ours))  # type: ignore[arg-type]
        assert all(any(same(mine, value_of(leaf), getter) for mine in shown) for leaf in leaves(expected))
    elif isinstance(expected, dict):
        compare_all(expected, value)
    elif isinstance(expected, list):
        for record, mine in zip(expected, value, strict=True):
            compare_all(record, mine)
    elif value is None and is_dataclass(ours) and expected is not None:
        assert refused_by_rule(getter, value_of(expected)), (getter, expected)
        assert getattr(ours, "unreadable", ("?",))
    else:
        assert same(value, value_of(expected), getter), (getter, expected, value)


def compare_fund_bills(expected: list[dict[str, Any]] | None, ours: Any) -> None:
    """Compare the funds; what the SDK does not find because of a name's case, we may."""
    if expected is None:
        return
    for bill, mine in zip(expected, ours.fund_bills, strict=True):
        channel, amount = bill.get("getFundChannel"), value_of(bill.get("getAmount"))
        assert mine.fund_channel == ("00" if channel == "0" else (channel or "").strip())
        assert mine.amount_fen == amount * 100 if amount is not None else mine.amount_fen is None


def compare_all(expected: dict[str, Any], ours: Any) -> None:
    """Compare every getter of a record."""
    for getter, value in expected.items():
        compare_value(getter, value, ours)


def refused_by_rule(getter: str, value: Any) -> bool:
    """Say whether we refuse on purpose what the SDK takes (docs/protocol.md §8 #2)."""
    if FIELDS.get(getter) == "amount_fen":
        fen = Decimal(value) * (100 if getter in YUAN else 1)
        return fen != int(fen) or fen < 0 or fen > MAX_FEN
    return not str(value).strip().lstrip("+-").isdigit() or len(str(value).strip()) > 9


def find(getter: str, ours: Any) -> Any:
    """Find what a getter names in a dataclass of ours or in a raw record."""
    wanted = plain(FIELDS.get(getter, getter.removeprefix("get")))
    names = asdict(ours) if is_dataclass(ours) else ours  # type: ignore[arg-type]
    for name in names:
        if plain(name) == wanted:
            return getattr(ours, name) if is_dataclass(ours) else ours[name]
    return MISSING


def leaves(value: Any) -> Iterator[Any]:
    """Give all plain values inside a structure."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for below in value:
            yield from leaves(below)
    else:
        yield value


def plain(name: str) -> str:
    """Level the spelling of a name."""
    return name.replace("_", "").lower()


def value_of(shown: Any) -> Any:
    """Give the value of a getter as recorded: `Double:158.0`, `Integer:1`, `Date:…`, or a text."""
    kind, colon, text = shown.partition(":") if isinstance(shown, str) else ("", "", "")
    match kind if colon else "":
        case "Double" | "Float" | "BigDecimal":
            return Decimal(text)
        case "Integer" | "Long" | "Short":
            return int(text)
        case "Boolean":
            return text == "true"
        case "Date":
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f %z")
    return shown


def same(ours: Any, expected: Any, getter: str) -> bool:
    """Compare a value of ours with one of the SDK's, which has its own idea of types."""
    if getter in YUAN and isinstance(expected, Decimal):
        return bool(ours == expected * 100)
    if isinstance(expected, datetime):
        return read_time(str(ours)) == expected
    if isinstance(expected, Decimal):
        with suppress(InvalidOperation):
            return Decimal(str(ours)) == expected
    if expected is None:
        return ours in (None, "")
    return bool(ours == expected) or str(ours) == str(expected)
