"""precreate at the sandbox."""

import pytest
from tests.sandbox.house import MERCHANT, House, open_house, until

from paybus.gateway.order import OrderRequest, TradeType
from paybus.gateway.query import QueryRequest
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings


def order(code: str = "O1", **changed: object) -> OrderRequest:
    """Ask for an order."""
    return OrderRequest(
        **{"charge_code": code, "amount_fen": 1, "channel_type": 2, "subject": "Tea"} | changed
    )


@pytest.mark.parametrize("encrypt", [False, True])
async def test_an_order_waits_for_its_customer(house: House, *, encrypt: bool) -> None:
    """SUCCESS means created: a code to show, state 0, no money moved."""
    client = house.client(encrypt=encrypt)
    reply = await client.order(order(merchant_para="MDE="))
    assert (reply.code, reply.charge_code) == ("SUCCESS", "O1")
    assert (reply.bar_code or "").startswith(house.address)
    assert (await client.query(QueryRequest(code="O1"))).state == 0
    assert house.effects() == []


@pytest.mark.parametrize("trade_type", [TradeType.JSAPI, TradeType.APP])
async def test_wechat_orders_carry_the_bridges_parameters(house: House, trade_type: TradeType) -> None:
    """JSAPI and APP orders are paid inside WeChat: parameters instead of a code."""
    reply = await house.client().order(order(trade_type=trade_type, sub_openid="o1"))
    assert reply.bar_code is None
    assert reply.prepay_id
    assert set(reply.jsapi or {}) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}


async def test_a_customer_pays_by_himself() -> None:
    """With customer_pays_after_seconds the order is charged, and the cause is the customer."""
    async with open_house(habits=Habits(pays_after_seconds=0.01, spread=0.5)) as house:
        await house.client().order(order())
        await until(lambda: bool(house.effects()))
        assert house.effects() == [("charge", "O1", 1, "customer")]


async def test_a_declining_customer_closes_his_order() -> None:
    """A declined order was created with SUCCESS and is closed without money."""
    faults = FaultSettings(rates={Fault.DECLINE: 1.0})
    async with open_house(habits=Habits(pays_after_seconds=0.01), faults=faults) as house:
        client = house.client()
        assert (await client.order(order())).code == "SUCCESS"
        await until(lambda: house.gateway.books.orders[0].state == 6)
        assert house.effects() == []


async def test_an_order_that_nobody_pays_expires() -> None:
    """After its time the order is closed."""
    async with open_house(habits=Habits(order_expires_after_seconds=0.01)) as house:
        await house.client().order(order())
        await until(lambda: bool(house.effects()))
        assert house.effects() == [("expiry", "O1", 0, "expiry")]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("<TRADE_TYPE>JSAPI</TRADE_TYPE>", "ILLEGAL_PARAMETER"),
        ("<TRADE_TYPE>OTHER</TRADE_TYPE>", "ILLEGAL_PARAMETER"),
        ("<TRADE_TYPE>JSAPI</TRADE_TYPE><subOpenid>o1</subOpenid>", "SUCCESS"),
        ("<TIME_EXPIRE>120</TIME_EXPIRE>", "SUCCESS"),
    ],
)
@pytest.mark.parametrize("root", ["ORDER_REQ", "ANY_REQ"])
async def test_xml_requests_are_read(house: House, changed: str, code: str, root: str) -> None:
    """An XML body under any `*_REQ` root is as good as JSON; the reply is in the format of `_type`."""
    body = (
        f"<?xml version='1.0' encoding='utf-8' ?><{root}><BUSI_ID>0010000001</BUSI_ID>"
        f"<OPER_ID>oper01</OPER_ID><DEV_ID>dev01</DEV_ID><AMT>158.00</AMT><CHANNEL_TYPE>1</CHANNEL_TYPE>"
        f"<PAY_SUBJECT>test goods</PAY_SUBJECT>"
        f"<CHARGE_CODE>X1</CHARGE_CODE><NODIFY_URL>null</NODIFY_URL>{changed}</{root}>"
    )
    response = await house.post("order", body, query=f"&_type=json&busiCode={MERCHANT.merchant_id}")
    assert response.json()["ORDER_RESP"]["RESULT"]["CODE"] == code
