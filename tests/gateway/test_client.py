"""The client sends what the protocol says, reads what came, and says when money may have moved."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson
import pytest
from tests.gateway.loopback import Loopback, answer

from paybus.gateway.amount import FundBill
from paybus.gateway.cancel import CancelRequest
from paybus.gateway.cipher import decrypt, encrypt
from paybus.gateway.client import GatewayClient
from paybus.gateway.errors import (
    ConnectFailedError,
    ConnectionLostError,
    GatewayError,
    HttpStatusError,
    InvalidParameterError,
    MissingParametersError,
    NotSentError,
    OversizedReplyError,
    ReplyTimeoutError,
    UndecodableReplyError,
    UndecryptableReplyError,
)
from paybus.gateway.exchange import Timeouts
from paybus.gateway.merchant import Merchant
from paybus.gateway.order import OrderRequest, TradeType
from paybus.gateway.parameters import Goods
from paybus.gateway.pay import PayRequest
from paybus.gateway.query import By, QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.gateway.signature import verify
from paybus.trades.money import Fen

NOW_MS = 1_795_403_914_889
PAY = PayRequest(charge_code="C1", amount_fen=Fen(15800), dynamic_id="28001", subject="嗖嗖 1")
SUCCESS = '{"ORDER_RESP":{"RESULT":{"CODE":"SUCCESS","INFO":"ok"}}}'


def client_of(merchant: Merchant, engine: httpx.AsyncBaseTransport, **changes: Any) -> GatewayClient:
    """Make a client whose clock stands still."""
    return GatewayClient(replace(merchant, **changes), engine, now_ms=lambda: NOW_MS)


def parts(request: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """Give (method, path, query, body) of a recorded request."""
    head, _, body = request.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    url = urlsplit(target)
    return method, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), body


async def test_pay(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """A pay is one signed POST of strings, the amount in yuan; its reply is read in fen."""
    reply = {
        "RESULT": {"CODE": "sucess", "INFO": "成功"},
        "CHANNEL_TYPE": "1",
        "CHARGE_CODE": "C1",
        "CHARGE_DOWN_CODE": "D1",
        "CHARGE_THIRD_CODE": "T1",
        "AMT": "15800",
        "BEGIN_TIME": "2015-10-14 04:43:14",
        "FUND_BILL_LIST": {"TRADEFUNDBILL": {"AMOUNT": 158, "FUND_CHANNEL": "10"}},
    }
    loopback.replies(answer(orjson.dumps({"ORDER_RESP": reply})))
    got = await client_of(merchant, engine).pay(PAY)
    method, path, query, body = parts(loopback.requests[0])
    assert (method, path) == ("POST", "/openGateway/openService/preOrder")
    assert query.keys() == {"sign", "_type"}
    assert verify(body, query["sign"], key=merchant.key)
    assert query["sign"].endswith(f":{NOW_MS}")
    assert b"?sign=" + query["sign"].encode() + b"&_type=json" in loopback.requests[0]
    assert orjson.loads(body) == {
        "BUSI_ID": "0010000001",
        "OPER_ID": "oper01",
        "DEV_ID": "dev01",
        "AMT": "158.00",
        "CHANNEL_TYPE": "0",
        "DYNAMIC_ID_TYPE": "1",
        "DYNAMIC_ID": "28001",
        "CHARGE_CODE": "C1",
        "PAY_SUBJECT": "嗖嗖 1",
    }
    assert (got.code, got.info, got.http_status, got.unreadable) == ("SUCCESS", "成功", 200, ())
    assert (got.charge_code, got.down_code, got.third_code) == ("C1", "D1", "T1")
    assert (got.amount_fen, got.channel_type, got.begin_time) == (15800, 1, "2015-10-14 04:43:14")
    assert got.fund_bills == (FundBill("10", Fen(15800)),)


async def test_encrypted_pay(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """With encryption the body is ciphertext, the sign covers the plain text, and the reply is decrypted."""
    loopback.replies(answer(encrypt(SUCCESS, key=merchant.key)))
    got = await client_of(merchant, engine, encrypt=True).pay(PAY)
    _, _, query, body = parts(loopback.requests[0])
    assert (query["encrypt"], query["busiCode"]) == ("3DES", "0010000001")
    assert verify(decrypt(body, key=merchant.key), query["sign"], key=merchant.key)
    assert got.code == "SUCCESS"


async def test_encrypted_client_reads_a_plain_reply(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """A gateway that answers an encrypted request in plain text is understood."""
    loopback.replies(answer(SUCCESS))
    assert (await client_of(merchant, engine, encrypt=True).pay(PAY)).code == "SUCCESS"


async def test_goods_optional_and_extra_members(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """Goods are a list of strings, extras never replace a named member, blanks are left out."""
    goods = (Goods(goods_id="1", name="n", category="c", price_fen=Fen(499900), subject="s", quantity=2),)
    request = replace(
        PAY, goods=goods, merchant_para=" ", notify_url="http://n/", extra={"NEW": "1", "AMT": "9", "OLD": ""}
    )
    loopback.replies(answer(SUCCESS))
    await client_of(merchant, engine).pay(request)
    body = orjson.loads(parts(loopback.requests[0])[3])
    assert body["GOODS_DETAIL"] == [
        {
            "GOOD_SUBJECT": "s",
            "GOOD_PRICE": "4999.00",
            "GOOD_ID": "1",
            "GOOD_NAME": "n",
            "GOOD_QUANTITY": "2",
            "GOOD_CLASS": "c",
        }
    ]
    assert (body["AMT"], body["NEW"], body["NODIFY_URL"]) == ("158.00", "1", "http://n/")
    assert body.keys().isdisjoint({"MERCHANTPARA", "OLD"})


async def test_order(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """An order names its channel and trade type; a JSAPI reply gives the bridge's parameters."""
    reply = {
        "RESULT": {"CODE": "SUCCESS"},
        "CHARGE_CODE": "C1",
        "BAR_CODE": "weixin://x",
        "END_TIME": "",
        "prepayId": "wx1",
        "appId": "wx0",
        "timeStamp": 1500000000,
        "nonceStr": "abc",
        "packageData": "prepay_id=wx1",
        "signType": "MD5",
        "sign": "ABCDEF",
    }
    loopback.replies(answer(orjson.dumps({"ORDER_RESP": reply})))
    request = OrderRequest(
        charge_code="C1",
        amount_fen=Fen(1),
        channel_type=2,
        subject="s",
        trade_type=TradeType.JSAPI,
        sub_openid="o",
        time_expire=120,
    )
    got = await client_of(merchant, engine, notify_url="http://n/?_type=json").order(request)
    _, path, _, body = parts(loopback.requests[0])
    assert path.endswith("/order")
    sent = orjson.loads(body)
    assert (sent["CHANNEL_TYPE"], sent["TRADE_TYPE"], sent["AMT"]) == ("2", "JSAPI", "0.01")
    assert (sent["subOpenid"], sent["TIME_EXPIRE"], sent["NODIFY_URL"]) == (
        "o",
        "120",
        "http://n/?_type=json",
    )
    assert got.jsapi == {
        "appId": "wx0",
        "timeStamp": "1500000000",
        "nonceStr": "abc",
        "package": "prepay_id=wx1",
        "signType": "MD5",
        "paySign": "ABCDEF",
    }
    assert (got.bar_code, got.prepay_id, got.end_time, got.third_code) == ("weixin://x", "wx1", "", None)


@pytest.mark.parametrize(
    ("by", "ser_type"), [(By.CHARGE_CODE, None), (By.DOWN_CODE, "1"), (By.REFUND_NUMBER, None)]
)
async def test_query(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, by: By, ser_type: str | None
) -> None:
    """A query signs the bare code, percent-encodes it in the path, and gives states it does not know."""
    reply = {
        "RESULT": {"CODE": "SUCCESS"},
        "BUSI_ID": "0010000001",
        "STATE": "99",
        "AMT": 1,
        "CHANNEL_TYPE": 34,
    }
    loopback.replies(answer(orjson.dumps({"QUERY_RESP": reply})))
    got = await client_of(merchant, engine).query(QueryRequest(code="C/1 嗖", by=by))
    method, path, query, body = parts(loopback.requests[0])
    assert (method, body) == ("GET", b"")
    assert path == "/openGateway/openService/query/C%2F1%20%E5%97%96/0010000001"
    assert verify("C/1 嗖", query["sign"], key=merchant.key)
    assert (query["BUSI_ID"], query.get("serType"), query["_type"]) == ("0010000001", ser_type, "json")
    assert (got.state, got.amount_fen, got.channel_type, got.merchant_id) == (99, 1, 34, "0010000001")


@pytest.mark.parametrize(("application_only", "op_type"), [(False, None), (True, "ACO")])
async def test_cancel(
    engine: httpx.AsyncBaseTransport,
    loopback: Loopback,
    merchant: Merchant,
    application_only: bool,
    op_type: str | None,
) -> None:
    """A cancel signs both codes; opType=ACO only applies for the revocation."""
    loopback.replies(answer('{"CANCELTRADE_RESP":{"RESULT":{"CODE":"AREADY_REVOKED","INFO":"x"}}}'))
    request = CancelRequest(charge_code="C1", application_only=application_only)
    got = await client_of(merchant, engine, encrypt=True).cancel(request)
    _, path, query, _ = parts(loopback.requests[0])
    assert path == "/openGateway/openService/cancelTrade/C1/0010000001"
    assert verify("chargeCode=C1&busiCode=0010000001", query["sign"], key=merchant.key)
    assert (query.get("opType"), query["encrypt"], query["busiCode"]) == (op_type, "3DES", "0010000001")
    assert got.code == "AREADY_REVOKED"


async def test_refund(engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant) -> None:
    """A refund carries its own number and the amount in yuan."""
    loopback.replies(answer('{"REFUND_RESP":{"RESULT":{"CODE":"SUCCESS"},"AMT":50,"CHANNEL_TYPE":1}}'))
    request = RefundRequest(refund_number="R1", amount_fen=Fen(50), subject="退 款", down_code="D1")
    got = await client_of(merchant, engine).refund(request)
    sent = orjson.loads(parts(loopback.requests[0])[3])
    assert (sent["CHARGE_REFUND_FEE"], sent["OUT_REFUND_NO"], sent["CHARGE_DOWN_CODE"]) == (
        "0.50",
        "R1",
        "D1",
    )
    assert "CHARGE_CODE" not in sent
    assert (got.code, got.amount_fen) == ("SUCCESS", 50)


Call = Callable[[GatewayClient], Awaitable[object]]
REFUND = RefundRequest(refund_number="R1", amount_fen=Fen(1), subject="s", charge_code="C1")
ORDER = OrderRequest(charge_code="C1", amount_fen=Fen(1), channel_type=1, subject="s")
REFUSED: list[tuple[Call, str]] = [
    (lambda client: client.pay(replace(PAY, dynamic_id="", charge_code="  ")), "DYNAMIC_ID,CHARGE_CODE"),
    (lambda client: client.order(replace(ORDER, subject="\n")), "PAY_SUBJECT"),
    (lambda client: client.order(replace(ORDER, trade_type=TradeType.JSAPI)), "subOpenid"),
    (
        lambda client: client.refund(replace(REFUND, charge_code=None, subject="")),
        "CHARGE_CODE 或 CHARGE_DOWN_CODE,REFUND_SUBJECT",
    ),
    (lambda client: client.refund(replace(REFUND, refund_number="")), "OUT_REFUND_NO"),
    (lambda client: client.query(QueryRequest(code=" ")), "chargeCode"),
    (lambda client: client.cancel(CancelRequest(charge_code="")), "chargeCode"),
]


@pytest.mark.parametrize(("call", "names"), REFUSED)
async def test_missing_parameters(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, call: Call, names: str
) -> None:
    """What is required is checked before anything is sent, and all missing names are told."""
    with pytest.raises(MissingParametersError) as caught:
        await call(client_of(merchant, engine))
    assert str(caught.value) == f"99999:参数【{names}】必须填写。"
    assert not caught.value.may_have_moved_money
    assert loopback.requests == []


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.pay(replace(PAY, amount_fen=Fen(0))),
        lambda client: client.refund(replace(REFUND, amount_fen=Fen(-1))),
        lambda client: client.pay(replace(PAY, subject="\ud800")),
        lambda client: client.query(QueryRequest(code="\ud800")),
        lambda client: client.query(QueryRequest(code="..")),
        lambda client: client.cancel(CancelRequest(charge_code=".")),
    ],
)
async def test_what_cannot_be_sent(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, call: Call
) -> None:
    """Amounts that are not above zero and text that the wire cannot hold are refused before sending."""
    with pytest.raises(InvalidParameterError):
        await call(client_of(merchant, engine))
    assert loopback.requests == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (answer("FAIL"), UndecodableReplyError),
        (answer(""), UndecodableReplyError),
        (answer("[1]"), UndecodableReplyError),
        (answer('{"ORDER_RESP":null}'), UndecodableReplyError),
        (answer('{"A":1,"B":2}'), UndecodableReplyError),
        (answer(SUCCESS + "x"), UndecodableReplyError),
        (answer("\ufeff" + SUCCESS), UndecodableReplyError),
        (answer(SUCCESS, status=302), HttpStatusError),
        (answer("<html>", status=502), HttpStatusError),
        (answer('{"error":"x"}', status=500), HttpStatusError),
        (answer("", status=404), HttpStatusError),
        (answer(b"x" * (1024 * 1024 + 1)), OversizedReplyError),
    ],
)
async def test_replies_that_are_no_answer(
    engine: httpx.AsyncBaseTransport,
    loopback: Loopback,
    merchant: Merchant,
    reply: bytes,
    error: type[GatewayError],
) -> None:
    """A reply without the gateway's word is an error that says money may have moved."""
    loopback.replies(reply)
    with pytest.raises(error) as caught:
        await client_of(merchant, engine).pay(PAY)
    assert caught.value.may_have_moved_money
    with pytest.raises(error) as caught:
        await client_of(merchant, engine).query(QueryRequest(code="C1"))
    assert not caught.value.may_have_moved_money


async def test_undecryptable_reply(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """A reply that does not decrypt is told apart, with its HTTP status and without the key."""
    loopback.replies(answer(encrypt(SUCCESS, key="another key altogether")))
    with pytest.raises(UndecryptableReplyError) as caught:
        await client_of(merchant, engine, encrypt=True).pay(PAY)
    assert caught.value.may_have_moved_money
    assert "200" in str(caught.value)
    assert merchant.key not in str(caught.value)


@pytest.mark.parametrize("status", [400, 403, 500, 503])
async def test_error_status_with_a_return_code(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant, status: int
) -> None:
    """A reply of 4xx or 5xx with a return code is an answer; its HTTP status is kept."""
    loopback.replies(answer('{"ORDER_RESP":{"RESULT":{"CODE":"FAIL"}}}', status=status))
    got = await client_of(merchant, engine).pay(PAY)
    assert (got.code, got.http_status) == ("FAIL", status)


@pytest.mark.parametrize(
    ("members", "unreadable"),
    [
        ('"AMT":"¥158.00"', ("AMT",)),
        ('"AMT":158.5', ("AMT",)),
        ('"CHANNEL_TYPE":"x"', ("CHANNEL_TYPE",)),
        ('"AMT":1,"amt":2', ("AMT",)),
    ],
)
async def test_unreadable_members_are_told(
    engine: httpx.AsyncBaseTransport,
    loopback: Loopback,
    merchant: Merchant,
    members: str,
    unreadable: tuple[str, ...],
) -> None:
    """An amount that cannot be read never just disappears from a reply."""
    loopback.replies(answer(f'{{"ORDER_RESP":{{"RESULT":{{"CODE":"SUCCESS"}},{members}}}}}'))
    got = await client_of(merchant, engine).pay(PAY)
    assert (got.amount_fen, got.unreadable) == (None, unreadable)


async def test_a_spoilt_info_text_does_not_hide_the_code(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """A reply in the charset it names is read; undeclared bytes spoil only the text they are in."""
    body = '{"ORDER_RESP":{"RESULT":{"CODE":"SUCCESS","INFO":"成功"},"AMT":1}}'.encode("gbk")
    loopback.replies(answer(body, content_type='application/json; charset="GBK"'))
    assert (await client_of(merchant, engine).pay(PAY)).info == "成功"
    for content_type in ("application/json;charset=UTF-8", "application/json;charset=unheard-of"):
        loopback.replies(answer(body, content_type=content_type))
        got = await client_of(merchant, engine).pay(PAY)
        assert (got.code, got.amount_fen) == ("SUCCESS", 1)
        assert "\ufffd" in (got.info or "")


async def test_lost_connection(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """A connection that ends without an answer leaves money in doubt, and the pay is sent once."""

    async def hang_up(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    loopback.behaviour = hang_up
    with pytest.raises(ConnectionLostError) as caught:
        await client_of(merchant, engine).pay(PAY)
    assert caught.value.may_have_moved_money
    assert len(loopback.requests) == 1


async def test_reply_timeout(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """No reply in time leaves money in doubt; a pay waits longer than the other operations."""

    async def never_answer(_request: bytes, _writer: asyncio.StreamWriter) -> None: ...

    loopback.behaviour = never_answer
    waits = Timeouts(connect_seconds=0.1, pay_seconds=0.1, other_seconds=0.1)
    with pytest.raises(ReplyTimeoutError) as caught:
        await GatewayClient(merchant, engine, timeouts=waits).pay(PAY)
    assert caught.value.may_have_moved_money
    assert len(loopback.requests) == 1
    assert Timeouts().pay_seconds > 80 > Timeouts().other_seconds


async def test_refused_connection(engine: httpx.AsyncBaseTransport, merchant: Merchant) -> None:
    """Nobody listening means that nothing was sent, so no money can have moved."""
    client = client_of(merchant, engine, base_url="http://127.0.0.1:1/")
    with pytest.raises(ConnectFailedError) as caught:
        await client.pay(PAY)
    assert isinstance(caught.value, NotSentError)
    assert not caught.value.may_have_moved_money


async def test_outer_cancellation_passes_through(
    engine: httpx.AsyncBaseTransport, loopback: Loopback, merchant: Merchant
) -> None:
    """Who cancels a call gets a CancelledError, not one of this room's errors."""
    read = asyncio.Event()

    async def never_answer(_request: bytes, _writer: asyncio.StreamWriter) -> None:
        read.set()

    loopback.behaviour = never_answer
    call = asyncio.create_task(client_of(merchant, engine).pay(PAY))
    await read.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
