"""Replies: what the SDK reads we read the same, and what breaks it follows our documented rule."""

from base64 import b64decode
from collections.abc import Callable
from functools import partial
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.vectors.getters import compare, normal_code

from paybus.gateway import account, batch_query, cancel, channels, order, pay, query, refund, voucher
from paybus.gateway.cipher import decrypt
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import DecryptionError, HttpStatusError, ReplyError
from paybus.gateway.reply import Answer, RawReply, read_answer

Vector = dict[str, Any]
Reader = tuple[Endpoint, Callable[[Answer], Any]]
WRITE_OFF = Endpoint(name="write_off", path="", root="")
READERS: dict[str, Reader] = {
    "pay": (pay.PAY, pay.read),
    "precreate": (order.ORDER, order.read),
    "query": (query.QUERY, query.read),
    "refund": (refund.REFUND, refund.read),
    "cancel": (cancel.CANCEL, cancel.read),
    "batchQuery": (batch_query.BATCH_QUERY, batch_query.read),
    "channel": (channels.CHANNELS, channels.read),
    "auth": (account.AUTH, account.read_auth),
    "login": (account.LOGIN, account.read_login),
    "verify.get": (WRITE_OFF, voucher.read_issue),
    "verify.check": (WRITE_OFF, voucher.read_voucher),
    "verify.query": (WRITE_OFF, voucher.read_voucher),
    "verify.cancel": (WRITE_OFF, voucher.read_cancel),
    "verify.queryResults": (WRITE_OFF, voucher.read_list),
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


def reader_of(vector: Vector) -> Reader:
    """Give endpoint and reader of the operation; most names have a variant behind a dot."""
    operation = vector["operation"]
    return READERS.get(operation) or READERS[operation.split(".")[0]]


def body_of(vector: Vector) -> bytes:
    """Give the bytes of a reply."""
    body = vector["body"]
    return b64decode(body["base64"]) if isinstance(body, dict) else body.encode()


def key_of(vector: Vector, vectors: dict[str, Any]) -> str | None:
    """Give the key with which the client expects the reply to be encrypted, None for a plain client."""
    return (vector.get("key") or vectors["keys"]["K32"]) if vector.get("encrypt") == "3DES" else None


def test_reply(responses_vector: Vector, vectors: dict[str, Any]) -> None:
    """Every value the SDK reads is read; a reply that breaks it is read or refused by our rule."""
    vector = responses_vector
    endpoint, read = reader_of(vector)
    raw, key = RawReply(200, body_of(vector), vector["content_type"] or ""), key_of(vector, vectors)
    members = members_of(vector, endpoint, key)
    if members is None:  # also where the SDK reads on: data behind the document, say
        with pytest.raises(ReplyError) as caught:
            read_answer(raw, endpoint, encrypted_with=key)
        assert caught.value.may_have_moved_money is endpoint.moves_money
        return
    reply = read(read_answer(raw, endpoint, encrypted_with=key))
    if hasattr(reply, "code"):
        assert reply.code == code_in(members)
    if vector.get("sdk_parsed") is not None:
        compare(vector["sdk_parsed"], reply, info_is_spoilt=not decodes(vector))
    for name, value in BROKEN_FOR_THE_SDK.get(vector["id"], {}).items():
        assert getattr(reply, name) == value
    if vector["id"] in LENGTHS:
        name, length = LENGTHS[vector["id"]]
        assert len(getattr(reply, name)) == length


def test_error_status(responses_vector: Vector, vectors: dict[str, Any]) -> None:
    """With a 5xx status the same body is an answer only if it holds a return code."""
    vector = responses_vector
    endpoint, _ = reader_of(vector)
    raw = RawReply(502, body_of(vector), vector["content_type"] or "")
    ask = partial(read_answer, raw, endpoint, encrypted_with=key_of(vector, vectors))
    members = members_of(vector, endpoint, key_of(vector, vectors))
    if members is None or not code_in(members):
        with pytest.raises(HttpStatusError) as caught:
            ask()
        assert caught.value.may_have_moved_money is endpoint.moves_money
        assert caught.value.http_status == 502
    else:
        assert ask().members.result()[0] == code_in(members)


def members_of(vector: Vector, endpoint: Endpoint, key: str | None) -> dict[str, Any] | None:
    """Find by our rule, in other code, what a reply says; None for no answer (docs/protocol.md §8 #37)."""
    document = document_of(text_of(vector), key)
    if document is None or not endpoint.root:
        return document
    for name, value in document.items():
        if name.upper() == endpoint.root.upper():
            return value if isinstance(value, dict) else None
    if has_result(document):
        return document
    inner = list(document.values())
    return inner[0] if len(inner) == 1 and has_result(inner[0]) else None


def text_of(vector: Vector) -> str:
    """Decode a body by the charset it names, else as UTF-8; spoilt bytes spoil only texts."""
    named = re.search(r"charset\s*=\s*\"?([\w-]+)", vector["content_type"] or "", re.IGNORECASE)
    try:
        return body_of(vector).decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return body_of(vector).decode("utf-8", "replace")


def decodes(vector: Vector) -> bool:
    """Say whether every byte fitted the charset."""
    return "\ufffd" not in text_of(vector)


def document_of(text: str, key: str | None) -> dict[str, Any] | None:
    """Parse a reply with the standard library; None if it is not one document."""
    try:
        if key is not None and text.strip(" \t\r\n")[:1] not in {"{", "<"}:
            text = decrypt(text, key=key)
        text = text.lstrip(" \t\r\n")
        if text.startswith("<"):
            return None if "<!DOCTYPE" in text else in_xml(text)
        document = json.loads(text)
    except (ValueError, ET.ParseError, DecryptionError):
        return None
    return document if isinstance(document, dict) else None


def in_xml(text: str) -> dict[str, Any]:
    """Give two levels of an XML document, which is as deep as a return code is."""
    root = ET.fromstring(text)  # noqa: S314 - vectors, not strangers
    level = {child.tag: {below.tag: below.text for below in child} or child.text for child in root}
    return {root.tag: level}


def has_result(value: object) -> bool:
    """Say whether RESULT is among the members."""
    return isinstance(value, dict) and any(name.upper() == "RESULT" for name in value)


def code_in(members: dict[str, Any]) -> str:
    """Give the return code: of the object, or a bare text in its place (docs/protocol.md §8 #1, #5)."""
    result = next((value for name, value in members.items() if name.upper() == "RESULT"), None)
    if isinstance(result, dict):
        result = next((value for name, value in result.items() if name.upper() == "CODE"), None)
    return normal_code(result if isinstance(result, str | int) else None)
