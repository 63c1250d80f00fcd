"""Every operation of the gateway, plain and 3DES, asked for JSON by our client and for XML by hand."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from tests.sandbox.house import MERCHANT, House, payment
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.operations.test_refund import refund
from tests.sandbox.operations.test_write_off import ISSUED

from paybus.gateway.account import AuthRequest, LoginRequest
from paybus.gateway.batch_query import BatchQueryRequest
from paybus.gateway.cancel import CancelRequest
from paybus.gateway.cipher import decrypt, encrypt
from paybus.gateway.client import GatewayClient
from paybus.gateway.query import QueryRequest

NOW = datetime.now(UTC)
CALLS: dict[str, Callable[[GatewayClient], Awaitable[Any]]] = {
    "pay": lambda client: client.pay(payment("C2")),
    "order": lambda client: client.order(order()),
    "query": lambda client: client.query(QueryRequest(code="C1")),
    "refund": lambda client: client.refund(refund()),
    "cancel": lambda client: client.cancel(CancelRequest(charge_code="C1")),
    "batch_query": lambda client: client.batch_query(
        BatchQueryRequest(user_id="u", begin=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
    ),
    "channels": lambda client: client.channels(),
    "auth": lambda client: client.auth(AuthRequest(username="u", password="p")),
    "login": lambda client: client.login(LoginRequest(username="u", password="p")),
}


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("name", CALLS)
async def test_our_client_understands_every_operation(house: House, name: str, *, encrypted: bool) -> None:
    """What the client writes the sandbox reads, and the reverse, with nothing unreadable in between."""
    client = house.client(encrypt=encrypted)
    await client.pay(payment())
    reply = await CALLS[name](client)
    assert getattr(reply, "success", None) or reply.code == "SUCCESS"
    assert getattr(reply, "unreadable", ()) == ()
    assert house.gateway.books.refusals == {}


SENDER = {"BUSI_ID": MERCHANT.merchant_id, "OPER_ID": "o", "DEV_ID": "d"}
WRITE_OFF = {"busiCode": MERCHANT.merchant_id}
POSTS = {
    "preOrder": ("ORDER_RESP", SENDER | {
        "AMT": "1.00", "DYNAMIC_ID": "28", "CHARGE_CODE": "C2", "PAY_SUBJECT": "Tea"}),
    "order": ("ORDER_RESP", SENDER | {
        "AMT": "1.00", "CHANNEL_TYPE": "1", "CHARGE_CODE": "C2", "PAY_SUBJECT": "Tea"}),
    "refund": ("REFUND_RESP", SENDER | {
        "CHARGE_CODE": "C1", "CHARGE_REFUND_FEE": "1.00", "REFUND_SUBJECT": "Cold"}),
    "get": ("RESPONSE", WRITE_OFF | ISSUED | {"tradeCode": "T2", "busiCodeNums": {
        "busiCodes": ["0010000001", "0010000002"], "verifyNumber": "1"}}),
    "check": ("RESPONSE", WRITE_OFF | {
        "verifyCode": "100000000000", "deviceCode": "d", "immedyConfirm": "1"}),
    "query": ("RESPONSE", WRITE_OFF | {"tradeCode": "T1"}),
    "cancel": ("RESPONSE", WRITE_OFF | {"tradeCode": "T1", "verifyCode": "100000000000"}),
    "queryResults": ("RESPONSE", WRITE_OFF | {
        "deviceCode": "d", "beginVerDate": "2016-01-01", "endVerDate": "2099-01-01"}),
}  # fmt: skip


def xml(root: str, content: dict[str, Any]) -> str:
    """Write a request as XML."""

    def element(name: str, value: Any) -> str:
        if isinstance(value, dict):
            return f"<{name}>{''.join(element(*item) for item in value.items())}</{name}>"
        if isinstance(value, list):
            return "".join(element(name, each) for each in value)
        return f"<{name}>{value}</{name}>"

    return f"<?xml version='1.0' encoding='utf-8' ?>{element(root, content)}"


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("format_", ["json", "xml"])
async def test_every_post_is_read_in_both_formats_and_answered_in_xml(
    house: House, path: str, format_: str, *, encrypted: bool
) -> None:
    """The body's format and the reply's are independent; elements have the names of the members."""
    await house.client().pay(payment())
    await issue_t1(house)
    root, content = POSTS[path]
    body = json.dumps(content) if format_ == "json" else xml("ANY_REQ", content)
    query = f"&_type=xml&busiCode={MERCHANT.merchant_id}&pageNo=1&pageSize=5"
    sent = encrypt(body, key=MERCHANT.key) if encrypted else body
    query += "&encrypt=3DES" if encrypted else ""
    response = await house.post(path, sent, query=query, made=house.signed(body))
    text = decrypt(response.text, key=MERCHANT.key) if encrypted else response.text
    reply = ET.fromstring(text)  # noqa: S314 - our own reply
    assert (reply.tag, reply.findtext("RESULT/CODE")) == (root, "SUCCESS")


async def issue_t1(house: House) -> None:
    """Issue the code that the others are about."""
    places = [{"busiCodes": [MERCHANT.merchant_id], "verifyNumber": 1}]
    response = await house.post("get", json.dumps(WRITE_OFF | ISSUED | {"busiCodeNums": places}))
    assert response.json()["verifyCode"] == "100000000000"


GETS = {
    "query/C1/0010000001": ("C1", {}, "QUERY_RESP", "RESULT/CODE"),
    "cancelTrade/C1/0010000001": ("chargeCode=C1&busiCode=0010000001", {}, "CANCELTRADE_RESP", "RESULT/CODE"),
    "queryTrades": ("", {"pageNum": "1", "pageSize": "5"}, "ServiceResult", "RESULT/CODE"),
    "payChannel/0010000001": ("busiCode=0010000001", {}, "PAY_CHANNEL_RESP", "RESULT/CODE"),
    "auth": ("busiCode=null", {"username": "u", "password": "p"}, "RESPONSE", "success"),
    "login": ("username=u", {"username": "u", "password": "p"}, "RESPONSE", "success"),
}


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("path", GETS)
async def test_every_get_is_answered_in_xml(house: House, path: str, *, encrypted: bool) -> None:
    """The same names, the same root, encrypted when the request says so."""
    await house.client().pay(payment())
    signed, parameters, root, found = GETS[path]
    parameters |= {"sign": house.signed(signed), "_type": "xml", "busiCode": MERCHANT.merchant_id}
    parameters |= {"encrypt": "3DES"} if encrypted else {}
    text = (await house.http.get(f"{house.base}{path}?{urlencode(parameters)}")).text
    reply = ET.fromstring(decrypt(text, key=MERCHANT.key) if encrypted else text)  # noqa: S314
    assert (reply.tag, reply.findtext(found)) == (root, "true" if found == "success" else "SUCCESS")


async def test_lists_in_xml_are_nested_elements(house: House) -> None:
    """PAY_CHANNEL_LIST holds PAY_CHANNEL elements, FUND_BILL_LIST TRADEFUNDBILL ones."""
    url = f"{house.base}payChannel/0010000001?sign={house.signed('busiCode=0010000001')}&_type=xml"
    reply = ET.fromstring((await house.http.get(url)).text)  # noqa: S314
    assert [each.text for each in reply.findall("PAY_CHANNEL_LIST/PAY_CHANNEL/CHANNEL_TYPE")] == [
        "1",
        "2",
        "31",
    ]
