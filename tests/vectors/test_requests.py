"""Requests: the SDK's are reproduced to the byte, ours say the same in a stricter form."""

from contextlib import suppress
import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from tests.vectors.our_requests import InexpressibleError, write_ours

from paybus.gateway.cipher import decrypt, encrypt
from paybus.gateway.document import read_document
from paybus.gateway.errors import DocumentError, MissingParametersError
from paybus.gateway.exchange import CONTENT_TYPES
from paybus.gateway.members import read_request
from paybus.gateway.merchant import Merchant
from paybus.gateway.sdk_identical import ClientClass, SdkMessage, Sender, build
from paybus.gateway.signature import sign, verify
from paybus.gateway.target import Get, get_query, post_query, write_off_query
from paybus.trades.money import fen_from_yuan

Vector = dict[str, Any]


def client_class(name: str) -> ClientClass:
    """Give the kind of client from the name of a client or request class of the SDK."""
    return "auth" if "auth" in name.lower() else "verify" if "verif" in name.lower() else "pay"


def is_encrypted(vector: Vector) -> bool:
    """Say whether the client encrypted."""
    return vector.get("encrypt") == "3DES"


def merchant_of(vector: Vector) -> Merchant:
    """Give the merchant who sent a recorded request."""
    xml = (vector.get("body_plain") or "").lstrip().startswith("<")
    return Merchant(
        merchant_id=vector.get("merchant_id") or vector["inputs"].get("busi_code", "0010000001"),
        key=vector.get("key") or "unsigned",
        base_url="http://127.0.0.1/openGateway/openService/",
        oper_id="oper00",
        dev_id="dev00",
        encrypt=is_encrypted(vector),
        request_format="xml" if xml else "json",
    )


def test_sdk_request(requests_vector: Vector) -> None:
    """From the same inputs come the same path, query, body, ciphertext and signed text, byte for byte."""
    vector = requests_vector
    if vector.get("sdk_request") is None:  # an XML shape seen in production; see test_recorded_request
        assert vector["body_plain"].lstrip().startswith("<")
        return
    client = client_class(vector["sdk_client"])
    sender = Sender(
        merchant_id=None if client == "auth" else vector.get("merchant_id"),
        key=vector.get("key") or "",
        encrypt=is_encrypted(vector),
        timestamp_ms=int(vector.get("timestamp") or 0),
        client=client,
    )
    assert build(vector["sdk_request"], vector["inputs"], sender) == SdkMessage(
        method=vector["method"],
        path_and_query=vector["path_and_query"],
        body_plain=vector["body_plain"] or None,
        body_wire=vector["body_wire"] or None,
        sign_text=vector["sign_text"],
    )


def test_recorded_request(requests_vector: Vector) -> None:
    """A server of ours verifies, decrypts and reads what was recorded; what was not escaped is refused."""
    vector = requests_vector
    parameters = dict(parse_qsl(vector["query_raw"], keep_blank_values=True))
    assert parameters == dict(vector["query"])
    if vector["sign_text"] is not None:
        assert verify(vector["sign_text"], parameters["sign"], key=vector["key"])
        assert parameters["sign"] == vector["sign"]
    if not vector["body_wire"]:
        return
    body = vector["body_wire"]
    plain = decrypt(body, key=vector["key"]) if is_encrypted(vector) else body
    assert plain == vector["body_plain"]
    if recorded_members(vector) is None:
        with pytest.raises(DocumentError):
            read_request(plain)
        return
    members = read_request(plain)
    assert vector["merchant_id"] in {members.text("BUSI_ID"), members.text("BUSICODE")}
    for name, value in vector.get("body_fields_in_wire_order") or []:
        if isinstance(value, str):
            assert members.text(name.upper()) == value


def test_our_request_says_the_same(requests_vector: Vector) -> None:
    """Our typed request has the recorded path and parameters, and the recorded members in strict form."""
    vector = requests_vector
    merchant, now_ms = merchant_of(vector), int(vector.get("timestamp") or 0)
    try:
        ours = write_ours(vector, merchant)
    except InexpressibleError:  # an amount of part of a fen, say: what is stricter here is tested elsewhere
        return
    recorded_path, _, recorded_query = vector["path_and_query"].partition("?")
    if re.fullmatch(r"[\w./-]*", recorded_path, re.ASCII):  # the SDK does not encode what is in a path
        assert ours.path == recorded_path
    else:
        assert unquote(ours.path) in vector["path_and_query"]
    if isinstance(ours, Get):
        made = dict(parse_qsl(get_query(ours, merchant, timestamp_ms=now_ms)))
        recorded = dict(parse_qsl(recorded_query))
        if "sign" not in recorded:  # the SDK's auth client neither signs nor knows a merchant; ours does
            assert client_class(vector["sdk_client"]) == "auth"
            made = {name: value for name, value in made.items() if name in recorded}
        assert made == recorded
        return
    if (members := recorded_members(vector)) is not None:
        assert strict(ours.members) == strict(members)
    signed = vector["body_plain"].encode()
    if client_class(vector.get("sdk_client") or "pay") == "verify":
        query = write_off_query(signed, ours.in_url, merchant, timestamp_ms=now_ms)
    else:
        query = post_query(signed, merchant, timestamp_ms=now_ms)
    assert dict(parse_qsl(query)) == dict(parse_qsl(recorded_query))


def test_validation(validation_vector: Vector) -> None:
    """What the SDK refuses to send is refused with the same words; what it sends is built."""
    vector = validation_vector
    client = client_class(vector["request"])
    if "login" in vector["request"].lower():
        client = "auth"
    merchant_id = None if client == "auth" else vector["merchant_id"]
    sender = Sender(merchant_id=merchant_id, key="k" * 8, encrypt=False, timestamp_ms=1, client=client)
    if vector["requests_sent"]:
        assert build(vector["request"], vector["inputs"], sender).path_and_query
        return
    with pytest.raises(MissingParametersError) as caught:
        build(vector["request"], vector["inputs"], sender)
    assert caught.value.code == vector["sdk_error"]["errCode"]
    assert str(caught.value) == vector["sdk_error"]["message"]
    assert not caught.value.may_have_moved_money


def test_headers_and_ciphertexts(requests_vector: Vector) -> None:
    """Our signature, cipher and Content-Type give what was recorded from the recorded plain text."""
    vector = requests_vector
    if vector["sign"] is not None:
        made = sign(vector["sign_text"], key=vector["key"], timestamp_ms=int(vector["timestamp"]))
        assert made == vector["sign"]
    if is_encrypted(vector) and vector["body_plain"]:
        assert encrypt(vector["body_plain"], key=vector["key"]) == vector["body_wire"]
    if vector["body_wire"]:
        assert int(vector["headers"]["Content-Length"]) == len(vector["body_wire"].encode())
        kind = CONTENT_TYPES[merchant_of(vector).request_format]
        assert vector["headers"]["Content-Type"] == kind.decode()


def recorded_members(vector: Vector) -> dict[str, Any] | None:
    """Give the members of a recorded body; None where a value was not escaped, so that it is no JSON."""
    text = vector["body_plain"]
    if text.lstrip().startswith("<"):
        (content,) = read_document(text).values()
        return content
    with suppress(ValueError):
        return json.loads(text)
    return None


def strict(members: dict[str, Any]) -> dict[str, Any]:
    """Level the documented differences: amounts as fen, `null` texts and default trade type left out."""
    leveled: dict[str, Any] = {}
    for name, value in members.items():
        if name in {"AMT", "CHARGE_REFUND_FEE", "amount"}:
            leveled[name] = fen_from_yuan(value)
        elif name == "GOODS_DETAIL":
            lines = [{key: text for key, text in line.items() if text not in {"null", ""}} for line in value]
            leveled[name] = [line | {"GOOD_PRICE": fen_from_yuan(line["GOOD_PRICE"])} for line in lines]
        elif value not in ("null", "") and (name, value) != ("TRADE_TYPE", "NATIVE"):
            leveled[name] = value
    return leveled
