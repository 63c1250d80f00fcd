"""What inquiries, accounts and vouchers send, refuse to send, and read in every shape of a list."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from tests.gateway.loopback import Loopback, answer
from tests.gateway.test_client import NOW_MS, client_of, parts

from paybus.gateway.account import AuthRequest, LoginRequest
from paybus.gateway.batch_query import BatchQueryRequest
from paybus.gateway.channels import Channel
from paybus.gateway.cipher import decrypt
from paybus.gateway.client import GatewayClient, WriteOffClient
from paybus.gateway.document import read_xml
from paybus.gateway.errors import InvalidParameterError, MissingParametersError
from paybus.gateway.merchant import Merchant
from paybus.gateway.order import OrderRequest
from paybus.gateway.query import QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.gateway.signature import verify
from paybus.gateway.voucher_request import (
    CancelRequest,
    IssueRequest,
    ListRequest,
    LookUpRequest,
    RedeemRequest,
)
from paybus.gateway.write_off import Places
from paybus.trades.money import Fen

BEGIN, END = datetime(2016, 1, 1, tzinfo=UTC), datetime(2016, 1, 2, tzinfo=UTC)
BATCH = BatchQueryRequest(user_id="test", begin=BEGIN, end=END, state=7, charge_code="C 1")
ORDER = OrderRequest(charge_code="C1", amount_fen=Fen(15800), channel_type=1, subject="a <b> 嗖")
ISSUE = IssueRequest(
    trade_code="T1", goods_name="Set", goods_code="G1", goods_count=2, total_verify_number=1,
    places=(Places(merchant_ids=("0010000001",), verify_number=1),), amount_fen=Fen(8880),
)  # fmt: skip
LIST = ListRequest(device_code="dev01", begin=BEGIN, end=END, page_size=10)
ANSWERED = {"RESULT": {"CODE": "SUCCESS"}}


def write_off_client(merchant: Merchant, engine: httpx.AsyncBaseTransport, **changes: Any) -> WriteOffClient:
    """Make a write-off client whose clock stands still."""
    return WriteOffClient(replace(merchant, **changes), engine, now_ms=lambda: NOW_MS)


@pytest.mark.parametrize("encrypt", [False, True])
async def test_batch_query(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, encrypt: bool
) -> None:
    """Times go out in China time; only the time of the request is signed."""
    loopback.replies(answer(orjson.dumps({"ServiceResult": ANSWERED})))
    await client_of(merchant, engine, encrypt=encrypt).batch_query(BATCH)
    method, path, query, _ = parts(loopback.requests[0])
    assert (method, path) == ("GET", "/openGateway/openService/queryTrades")
    assert verify("", query.pop("sign"), key=merchant.key)
    assert query == {
        "_type": "json", "userId": "test", "beginDate": "2016-01-01 08:00:00",
        "endDate": "2016-01-02 08:00:00", "pageNum": "1", "pageSize": "50", "state": "7", "channelType": "0",
        "chargeCode": "C 1", "busiCode": "0010000001", **({"encrypt": "3DES"} if encrypt else {}),
    }  # fmt: skip


async def test_channels(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """The merchant is in path, query and sign; an unknown channel is kept."""
    entry = {"CHANNEL_TYPE": "33", "CHANNEL_NAME": "x", "SORT_NO": 1}
    loopback.replies(answer(orjson.dumps({"PAY_CHANNEL_RESP": {**ANSWERED, "PAY_CHANNEL_LIST": entry}})))
    told = await client_of(merchant, engine).channels()
    _, path, query, _ = parts(loopback.requests[0])
    assert path == "/openGateway/openService/payChannel/0010000001"
    assert verify("busiCode=0010000001", query["sign"], key=merchant.key)
    assert told.channels == (Channel(channel_type=33, name="x", sort_number=1),)


async def test_accounts(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """Auth is signed over the vendor's slip, login over the name; the password is in no text of ours."""
    loopback.replies(answer('{"success":"true","user":{"userType":2,"company":{"code":10}}}'))
    client = client_of(merchant, engine)
    asked = AuthRequest(username="dev01", password="p@ss word+1")
    told = await client.auth(asked)
    assert (told.success, told.may_refund, told.company_code) == (True, True, "10")
    _, path, query, _ = parts(loopback.requests[0])
    assert path == "/openGateway/openService/auth"
    assert verify("busiCode=null", query["sign"], key=merchant.key)
    assert (query["password"], query["busiCode"]) == ("p@ss word+1", "0010000001")
    login = LoginRequest(username="dev01", password="p@ss", imei="86", app_version="1", device_type="1")
    await client.login(login)
    _, path, query, _ = parts(loopback.requests[1])
    assert verify("username=dev01", query["sign"], key=merchant.key)
    assert (query["imei"], query["appVer"], query["teType"]) == ("86", "1", "1")
    assert "p@ss" not in f"{asked!r}{login!r}{told!r}"


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        ("true", True), ('"true"', True), ('" TRUE "', True), ("1", True), ('"1"', True), ("false", False),
        ('"false"', False), ("0", False), ("null", False), ('""', False), ('"yes"', False), ("{}", False),
        ("1.0", False),
    ],
)  # fmt: skip
async def test_only_a_clear_yes_lets_an_operator_in(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, success: str, expected: bool
) -> None:
    """A boolean, or 1, or either as text; anything else is a no."""
    loopback.replies(answer(f'{{"success":{success},"message":"m"}}'))
    told = await client_of(merchant, engine).auth(AuthRequest(username="u", password="p"))
    assert (told.success, told.message, told.user, told.may_refund) == (expected, "m", None, False)


async def test_vouchers(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """Plain JSON without `_type`, at the merchant's own address for it, never encrypted."""
    loopback.replies(answer(orjson.dumps({**ANSWERED, "verifyCode": "7"})))
    url = f"{loopback.base_url}other/"
    client = write_off_client(merchant, engine, encrypt=True, request_format="xml", write_off_url=url)
    assert (await client.issue(ISSUE)).verify_code == "7"
    _, path, query, body = parts(loopback.requests[0])
    assert path == "/openGateway/openService/other/get"
    assert query.keys() == {"sign"}
    assert verify(body, query["sign"], key=merchant.key)
    assert orjson.loads(body) == {
        "busiCode": "0010000001", "tradeCode": "T1", "goodsName": "Set", "goodsCode": "G1",
        "goodsCount": "2", "totalVerifyNumber": "1", "amount": "88.80",
        "busiCodeNums": [{"busiCodes": ["0010000001"], "verifyNumber": 1}],
    }  # fmt: skip
    await client.list(LIST)
    request = loopback.requests[1]
    assert b"/queryResults?pageSize=10&pageNo=1&sign=" in request
    assert orjson.loads(parts(request)[3]) == {
        "busiCode": "0010000001", "deviceCode": "dev01",
        "beginVerDate": "2016-01-01 08:00:00", "endVerDate": "2016-01-02 08:00:00",
    }  # fmt: skip


RECORD = '{"tradeCode":"T1","amount":88.8,"usedTime":"1"}'


@pytest.mark.parametrize("shape", ["[{}]", "{}"])
async def test_vouchers_are_read_in_every_shape(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, shape: str
) -> None:
    """A list of one may be its record; amounts are yuan on the wire and fen here."""
    redemption = f'{{"verifyCode":1,"tradeInfo":{RECORD}}}'
    loopback.replies(answer(f'{{"RESULT":"SUCCESS","Results":{shape.replace("{}", redemption)}}}'))
    told = await write_off_client(merchant, engine).list(LIST)
    (one,) = told.redemptions
    assert (told.code, one.verify_code, one.voucher.amount_fen) == ("SUCCESS", "1", 8880)
    assert (one.voucher.trade_code, one.voucher.used_time) == ("T1", 1)
    loopback.replies(answer('{"RESULT":{"CODE":"FAIL"},"results":"","goodsINFO":""}'))
    assert (await write_off_client(merchant, engine).list(LIST)).redemptions == ()
    assert (await write_off_client(merchant, engine).look_up(LookUpRequest(trade_code="T1"))).voucher is None


Ask = Callable[[GatewayClient, WriteOffClient], Awaitable[object]]
MISSING: list[tuple[Ask, str]] = [
    (lambda pay, _: pay.batch_query(replace(BATCH, user_id=" ")), "userId"),
    (lambda pay, _: pay.auth(AuthRequest(username="", password="")), "username,password"),
    (lambda pay, _: pay.login(LoginRequest(username="\n", password="x")), "username"),
    (
        lambda _, voucher: voucher.issue(replace(ISSUE, trade_code="", goods_name="\t", places=())),
        "tradeCode,goodsName,busiCodeNums",
    ),
    (
        lambda _, voucher: voucher.redeem(
            RedeemRequest(verify_code="", device_code=" ", immediate_confirm="")
        ),
        "verifyCode,deviceCode,immedyConfirm",
    ),
    (lambda _, voucher: voucher.look_up(LookUpRequest(trade_code="")), "tradeCode"),
    (lambda _, voucher: voucher.cancel(CancelRequest(trade_code="", verify_code="")), "tradeCode,verifyCode"),
    (lambda _, voucher: voucher.list(replace(LIST, device_code="")), "deviceCode"),
]


@pytest.mark.parametrize(("ask", "names"), MISSING)
async def test_missing_parameters(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, ask: Ask, names: str
) -> None:
    """All missing names are told, in the protocol's order, and nothing is sent."""
    with pytest.raises(MissingParametersError) as caught:
        await ask(client_of(merchant, engine), write_off_client(merchant, engine))
    assert str(caught.value) == f"99999:参数【{names}】必须填写。"
    assert loopback.requests == []


async def test_names_that_cannot_be_sent_are_told(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """Half a surrogate pair is an invalid parameter wherever it stands."""
    with pytest.raises(InvalidParameterError):
        await client_of(merchant, engine).login(LoginRequest(username="\ud800", password="x"))
    with pytest.raises(InvalidParameterError):
        await write_off_client(merchant, engine).issue(replace(ISSUE, remarks="\ud800"))
    assert loopback.requests == []


@pytest.mark.parametrize("encrypt", [False, True])
async def test_xml_orders(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, encrypt: bool
) -> None:
    """An XML request is one ORDER_REQ, signed before encryption, with the merchant in its query."""
    loopback.replies(answer('{"ORDER_RESP":{"RESULT":"SUCCESS"}}'))
    client = client_of(merchant, engine, request_format="xml", encrypt=encrypt)
    assert (await client.order(ORDER)).code == "SUCCESS"
    _, path, query, body = parts(loopback.requests[0])
    assert path.endswith("/order")
    assert b"\r\ncontent-type: text/xml\r\n" in loopback.requests[0].lower()
    assert (query["_type"], query["busiCode"], query.get("encrypt")) == (
        "json", "0010000001", "3DES" if encrypt else None
    )  # fmt: skip
    text = decrypt(body, key=merchant.key) if encrypt else body.decode()
    assert verify(text, query["sign"], key=merchant.key)
    members = read_xml(text)["ORDER_REQ"]
    assert (members["AMT"], members["PAY_SUBJECT"]) == ("158.00", "a <b> 嗖")


async def test_xml_of_other_posts_and_replies(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """Roots are named after the reply's; `_type` asks for the format of the reply, of GETs too."""
    loopback.replies(answer("<REFUND_RESP><RESULT><CODE>SUCCESS</CODE></RESULT></REFUND_RESP>"))
    client = client_of(merchant, engine, request_format="xml", reply_format="xml")
    refund = RefundRequest(refund_number="R1", amount_fen=Fen(1), subject="s", charge_code="C1")
    assert (await client.refund(refund)).code == "SUCCESS"
    _, _, query, body = parts(loopback.requests[0])
    assert query["_type"] == "xml"
    assert read_xml(body.decode())["REFUND_REQ"]["OUT_REFUND_NO"] == "R1"
    loopback.replies(answer("<QUERY_RESP><RESULT><CODE>FAIL</CODE></RESULT><STATE>\n</STATE></QUERY_RESP>"))
    told = await client.query(QueryRequest(code="C1"))
    assert (told.code, told.state, told.unreadable) == ("FAIL", None, ())
    assert parts(loopback.requests[1])[2]["_type"] == "xml"
