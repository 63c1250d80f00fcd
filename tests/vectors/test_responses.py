"""Replies: what the SDK reads we read the same, and what breaks it follows our documented rule."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from paybus.gateway import account, batch_query, cancel, channels, order, pay, query, refund, write_off
from paybus.gateway.china_time import read_time
from paybus.gateway.cipher import decrypt
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import DecryptionError, HttpStatusError, ReplyError
from paybus.gateway.reply import Answer, RawReply, read_answer

Vector = dict[str, Any]
READERS: dict[str, tuple[Endpoint, Callable[[Answer], Any]]] = {
    "pay": (pay.PAY, pay.read),
    "precreate": (order.ORDER, order.read),
    "query": (query.QUERY, query.read),
    "refund": (refund.REFUND, refund.read),
    "cancel": (cancel.CANCEL, cancel.read),
    "batchQuery": (batch_query.BATCH_QUERY, batch_query.read),
    "channel": (channels.CHANNELS, channels.read),
    "auth": (account.AUTH, account.read_auth),
    "login": (account.LOGIN, account.read_login),
    "verify": (Endpoint(name="write_off", path="", root=""), write_off.read),
}
# The SDK's getters whose name is not that of our field.
FIELDS = {
    "getAmt": "amount_fen",
    "getRealAmt": "amount_fen",
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
    "getGoodsInfo": "goods",
    "getVerifyResults": "results",
    "getGoodsDetail": "goods",
    "getGoodsDetails": "goods",
}
# What our rule makes of replies that break the SDK (docs/protocol.md §8).
BROKEN_FOR_THE_SDK: dict[str, dict[str, Any]] = {
    "response/pay_success_AMT_with_yen_sign": {"unreadable": ("AMT",), "amount_fen": None},
    "response/pay_RESULT_as_string": {"code": "SUCCESS", "charge_code": "1"},
    "response/pay_wrong_root": {"code": "FAIL", "info": "x"},
    "response/pay_xml": {"code": "SUCCESS", "info": "ok"},
    "response/pay_plain_reply_to_encrypted_client": {"code": "SUCCESS", "amount_fen": 15800},
    "response/batch_fail_without_size": {"code": "INVALID_SIGN", "count": None, "trades": ()},
}
LENGTHS = {
    "response/pay_FUND_BILL_single_object": ("fund_bills", 1),
    "response/pay_FUND_BILL_LIST_array": ("fund_bills", 1),
    "response/query_GOODS_DETAIL_single_object": ("goods", 1),
    "response/batch_1_as_array": ("trades", 1),
    "response/batch_size_3_but_object": ("trades", 1),
    "response/channel_nested": ("channels", 2),
    "response/channel_single_object": ("channels", 1),
}


def body_of(vector: Vector) -> bytes:
    """Give the bytes of a reply."""
    body = vector["body"]
    return b64decode(body["base64"]) if isinstance(body, dict) else body.encode()


def key_of(vector: Vector, vectors: dict[str, Any]) -> str | None:
    """Give the key with which the client expects the reply to be encrypted, None for a plain client."""
    return vector.get("key", vectors["keys"]["K32"]) if vector["encrypt"] == "3DES" else None


def test_reply(responses_vector: Vector, vectors: dict[str, Any]) -> None:
    """Every value the SDK reads is read; a reply that breaks it is read or refused by our rule."""
    vector = responses_vector
    endpoint, read = READERS[vector["operation"].split(".")[0]]
    raw, key = RawReply(200, body_of(vector), vector["content_type"]), key_of(vector, vectors)
    if not readable(vector, endpoint, key):
        assert vector.get("sdk_error")
        with pytest.raises(ReplyError) as caught:
            read_answer(raw, endpoint, encrypted_with=key)
        assert caught.value.may_have_moved_money is endpoint.moves_money
        return
    reply = read(read_answer(raw, endpoint, encrypted_with=key))
    if vector["sdk_parsed"] is not None:
        compare(vector["sdk_parsed"], reply, spoilt="GBK_bytes" in vector["id"])
    for name, value in BROKEN_FOR_THE_SDK.get(vector["id"], {}).items():
        assert getattr(reply, name) == value
    if vector["id"] in LENGTHS:
        name, length = LENGTHS[vector["id"]]
        assert len(getattr(reply, name)) == length


def test_error_status(responses_vector: Vector, vectors: dict[str, Any]) -> None:
    """With a 5xx status the same body is an answer only if it holds a return code."""
    vector = responses_vector
    endpoint, _ = READERS[vector["operation"].split(".")[0]]
    raw = RawReply(502, body_of(vector), vector["content_type"])
    try:
        answer = read_answer(raw, endpoint, encrypted_with=key_of(vector, vectors))
    except HttpStatusError as error:
        assert error.may_have_moved_money is endpoint.moves_money  # noqa: PT017 - either way is right
        assert error.http_status == 502  # noqa: PT017
    else:
        assert answer.members.result()[0]
        assert answer.http_status == 502


def readable(vector: Vector, endpoint: Endpoint, key: str | None) -> bool:
    """Say by our rule, in other code, whether a reply holds an answer (docs/protocol.md §3, §8 #37)."""
    document = document_of(body_of(vector).decode("utf-8", "replace"), key)
    if not isinstance(document, dict) or not endpoint.root:
        return isinstance(document, dict)
    if endpoint.root in document:
        return isinstance(document[endpoint.root], dict)
    inner = list(document.values())
    return "RESULT" in document or (len(inner) == 1 and isinstance(inner[0], dict) and "RESULT" in inner[0])


def document_of(text: str, key: str | None) -> Any:
    """Parse a reply with the standard library; None if it is no document."""
    try:
        if key is not None and text.strip(" \t\r\n")[:1] not in {"{", "<"}:
            text = decrypt(text, key=key)
        if text.startswith("<"):
            root = ET.fromstring(text)  # noqa: S314 - our own vectors
            return {root.tag: {child.tag: child.text for child in root}}
        return json.loads(text)
    except (ValueError, ET.ParseError, DecryptionError):
        return None


def compare(parsed: dict[str, Any], reply: Any, *, spoilt: bool) -> None:
    """Hold every getter of the SDK against the field of ours that says the same."""
    for getter, expected in parsed.items():
        if getter == "getResult":
            assert reply.code == expected["getCode"].upper()
            assert spoilt or reply.info == expected.get("getInfo")
        else:
            compare_value(getter, expected, reply)


def compare_value(getter: str, expected: Any, ours: Any) -> None:
    """Compare one getter with the field or member of *ours* that it names."""
    if getter == "getTradeFundBillList":
        for bill, mine in zip(expected["getTradeFundBill"], ours.fund_bills, strict=True):
            assert mine.fund_channel == bill["getFundChannel"]
            assert mine.amount_fen == value_of(bill["getAmount"]) * 100
        return
    if getter == "getUser":
        compare_all({name: value for name, value in expected.items() if name != "getCompany"}, ours.user)
        compare_all(expected.get("getCompany", {}), ours.user.company)
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
    else:
        assert same(value, value_of(expected), getter), (getter, expected, value)


def compare_all(expected: dict[str, Any], ours: Any) -> None:
    """Compare every getter of a record."""
    for getter, value in expected.items():
        compare_value(getter, value, ours)


MISSING = object()


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
        case "Double":
            return Decimal(text)
        case "Integer":
            return int(text)
        case "Boolean":
            return text == "true"
        case "Date":
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f %z")
    return shown


def same(ours: Any, expected: Any, getter: str) -> bool:
    """Compare a value of ours with one of the SDK's, which has its own idea of types."""
    if getter == "getRealAmt":
        return bool(ours == expected * 100)
    if isinstance(expected, datetime):
        return read_time(str(ours)) == expected
    if isinstance(expected, Decimal):
        with suppress(InvalidOperation):
            return Decimal(str(ours)) == expected
    return bool(ours == expected) or str(ours) == str(expected)
