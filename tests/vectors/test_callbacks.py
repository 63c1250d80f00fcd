"""Callbacks: genuine ones are read to the last field, all others are refused."""

from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

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
}


def receive(vector: Vector, merchant_id: str) -> Callback:
    """Read a recorded callback as the merchant of the file."""
    merchant = Merchant(
        merchant_id=merchant_id, key=vector["key"], base_url="http://127.0.0.1/", oper_id="o", dev_id="d"
    )
    raw = b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()
    return read_callback(raw=raw, query=urlsplit(vector["path_and_query"]).query, merchant=merchant)


def test_callback(callbacks_vector: Vector, vectors: dict[str, Any]) -> None:
    """A genuine callback gives exactly the expected fields; any other is refused with a reason."""
    vector, expect = callbacks_vector, callbacks_vector["expect"]
    if "fields" not in expect:
        with pytest.raises(CallbackRefusedError) as caught:
            receive(vector, vectors["merchant_id"])
        assert caught.value.http_status in {400, 401, 403}
        # A right sign over a wrong document is told apart from a wrong sign.
        about_content = {"document_malformed", "member_missing", "member_unreadable"}
        assert (caught.value.reason in about_content) is expect["signature_valid"]
        return
    callback = receive(vector, vectors["merchant_id"])
    for name, value in expect["fields"].items():
        if name == "fund_bills":
            bills = [(bill["FUND_CHANNEL"], bill["amount_fen"]) for bill in value]
            assert [(bill.fund_channel, bill.amount_fen) for bill in callback.fund_bills] == bills
        else:
            assert getattr(callback, FIELDS.get(name, name)) == value
    for name, field in FIELDS.items():
        if name not in {*expect["fields"], "buyerId"}:
            assert getattr(callback, field) is None
    assert callback.format == vector["format"]
    assert callback.encrypted is (vector["encrypt"] == "3DES")
    assert callback.timestamp_ms == int(vector["timestamp"])


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
    unsigned = vector["path_and_query"].replace(vector["sign"], "")
    parts = urlsplit(sent.url)
    assert f"{parts.path}?{parts.query}".startswith(unsigned)
