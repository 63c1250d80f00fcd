"""Callbacks: genuine ones are read to the last field, all others are refused."""

from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from paybus.gateway.callback import Callback, read_callback, write_callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import sign, verify

Vector = dict[str, Any]
FIELDS = {
    "BUSI_ID": "merchant_id",
    "CHARGE_CODE": "charge_code",
    "CHARGE_DOWN_CODE": "down_code",
    "CHARGE_THIRD_CODE": "third_code",
    "CHANNEL_TYPE": "channel_type",
    "STATE": "state",
    "OPER_ID": "oper_id",
    "DEV_ID": "dev_id",
    "PAY_SUBJECT": "subject",
    "MERCHANTPARA": "merchant_para",
    "BEGIN_TIME": "begin_time",
    "END_TIME": "end_time",
    "buyerId": "buyer_id",
    "GOODS_DETAIL": "goods",
}
ABOUT_CONTENT = {"document_malformed", "member_missing", "member_unreadable"}


def receive(vector: Vector, merchant_id: str) -> Callback:
    """Read a recorded callback as the merchant of the file."""
    merchant = Merchant(
        merchant_id=merchant_id, key=vector["key"], base_url="http://127.0.0.1/", oper_id="o", dev_id="d"
    )
    raw = b64decode(vector["body_base64"]) if "body_base64" in vector else (vector["body"] or "").encode()
    return read_callback(raw=raw, query=urlsplit(vector["path_and_query"]).query, merchant=merchant)


def test_callback(callbacks_vector: Vector, vectors: dict[str, Any]) -> None:
    """A genuine callback gives exactly the expected fields; any other is refused with a reason."""
    vector, expect = callbacks_vector, callbacks_vector["expect"]
    if "fields" not in expect:
        with pytest.raises(CallbackRefusedError) as caught:
            receive(vector, vectors["merchant_id"])
        assert caught.value.http_status in {400, 401, 403, 413}
        # A right sign over a wrong document is told apart from a wrong sign. Somebody else's callback is
        # refused for being his, whether or not his sign is right for us.
        if caught.value.reason != "other_merchant":
            assert (caught.value.reason in ABOUT_CONTENT) is expect["signature_valid"]
        return
    callback = receive(vector, vectors["merchant_id"])
    for name, value in expect["fields"].items():
        assert told(callback, name) == value, name
    for name, field in FIELDS.items():
        if name not in expect["fields"] and name.lower() not in callback.text.lower():
            assert not getattr(callback, field)
    assert callback.format == vector["format"]
    assert callback.encrypted is (vector.get("encrypt") == "3DES")
    assert callback.timestamp_ms == int(vector["timestamp"])


def told(callback: Callback, name: str) -> object:
    """Give what a callback says under one of the file's names."""
    if name == "fund_bills":
        bills = callback.fund_bills
        return [{"FUND_CHANNEL": bill.fund_channel, "amount_fen": bill.amount_fen} for bill in bills]
    if name in {"goods", "GOODS_DETAIL"}:
        return list(callback.goods)
    return getattr(callback, FIELDS.get(name, name))


def test_sender(callbacks_vector: Vector) -> None:
    """The sandbox signs as the gateway does, and adds the sign where the gateway adds it."""
    vector = callbacks_vector
    if not vector["expect"]["signature_valid"] or vector["sign_text"] is None:
        return
    made = sign(vector["sign_text"], key=vector["key"], timestamp_ms=int(vector["timestamp"]))
    assert made == vector["sign"]
    assert verify(vector["sign_text"], made, key=vector["key"])
    url = vector["registered_notify_url"]
    sent = write_callback({}, notify_url=url, key=vector["key"], timestamp_ms=int(vector["timestamp"]))
    recorded, mine = urlsplit(vector["path_and_query"]), urlsplit(sent.url)
    assert mine.path == recorded.path
    # Each in its place, the sign at the end; its value is over another body.
    assert list(dict(parse_qsl(mine.query))) == list(dict(parse_qsl(recorded.query)))
    assert dict(parse_qsl(recorded.query)).items() >= dict(parse_qsl(urlsplit(url).query)).items()
