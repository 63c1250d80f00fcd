"""Every operation works in JSON and XML, plain and encrypted, in both directions, against the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from tests.sandbox.house import MERCHANT, House, open_house

from paybus.gateway.account import AuthRequest, LoginRequest
from paybus.gateway.batch_query import BatchQueryRequest
from paybus.gateway.cancel import CancelRequest
from paybus.gateway.client import GatewayClient, WriteOffClient
from paybus.gateway.document import FORMATS
from paybus.gateway.errors import InvalidParameterError
from paybus.gateway.order import OrderRequest
from paybus.gateway.parameters import Goods
from paybus.gateway.pay import PayRequest
from paybus.gateway.query import By, QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.gateway.voucher_request import CancelRequest as CancelVoucher
from paybus.gateway.voucher_request import IssueRequest, ListRequest, LookUpRequest, RedeemRequest
from paybus.gateway.write_off import Places
from paybus.trades.money import Fen

GOODS = (
    Goods(goods_id="1", name="<Tee> & 'Tasse'", category="c", price_fen=Fen(100), subject='"茶"', quantity=2),
    Goods(goods_id="2", name="数据线", category="c", price_fen=Fen(1990), subject="s", quantity=1),
)
PAY = PayRequest(
    charge_code="P1",
    amount_fen=Fen(15800),
    dynamic_id="280000000000000001",
    subject="嗖 & <嗖> 1",
    goods=GOODS,
)
ORDER = OrderRequest(charge_code="O1", amount_fen=Fen(1), channel_type=2, subject="s", goods=GOODS[:1])
WAYS = list(product(FORMATS, FORMATS, [False, True]))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Run a sandbox."""
    async with open_house() as house:
        yield house


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{way[1]}-{'3des' if way[2] else 'plain'}")
def client(house: House, request: pytest.FixtureRequest) -> GatewayClient:
    """Give our client in each combination of request format, reply format and encryption."""
    asked, answered, encrypt = request.param
    merchant = replace(MERCHANT, request_format=asked, reply_format=answered)
    return house.client(merchant=merchant, encrypt=encrypt)


async def test_money_moves_the_same_way(client: GatewayClient) -> None:
    """Pay, order, refund and cancel are carried out, and what is told of them is the same."""
    paid = await client.pay(PAY)
    assert (paid.code, paid.amount_fen, paid.charge_code) == ("SUCCESS", 15800, "P1")
    assert [bill.amount_fen for bill in paid.fund_bills] == [15800]
    ordered = await client.order(ORDER)
    assert (ordered.code, ordered.charge_code) == ("SUCCESS", "O1")
    assert (ordered.bar_code or "").startswith("http://")
    refund = RefundRequest(refund_number="R1", amount_fen=Fen(100), subject="s", charge_code="P1")
    assert (await client.refund(refund)).code == "SUCCESS"
    assert (await client.query(QueryRequest(code="R1", by=By.REFUND_NUMBER))).state == 11
    assert (await client.cancel(CancelRequest(charge_code="O1"))).code == "SUCCESS"


async def test_orders_are_told_the_same_way(client: GatewayClient) -> None:
    """Texts, goods and lists come back whole; a list of one and an empty one are lists."""
    await client.pay(PAY)
    told = await client.query(QueryRequest(code="P1"))
    assert (told.state, told.subject, len(told.fund_bills)) == (1, PAY.subject, 1)
    assert [line["GOOD_NAME"] for line in told.goods] == [line.name for line in GOODS]
    now = datetime.now(UTC)
    asked = BatchQueryRequest(user_id="u", begin=now - timedelta(hours=1), end=now + timedelta(hours=1))
    one = await client.batch_query(asked)
    assert (one.code, one.count, [trade.charge_code for trade in one.trades]) == ("SUCCESS", 1, ["P1"])
    none = await client.batch_query(replace(asked, charge_code="nothing"))
    assert (none.code, none.count, none.trades) == ("SUCCESS", 0, ())
    await client.order(ORDER)
    assert len((await client.batch_query(asked)).trades) == 2


async def test_channels_and_accounts_are_told_the_same_way(client: GatewayClient) -> None:
    """Answers without a root are understood in XML, too, where they must have one."""
    channels = (await client.channels()).channels
    assert [channel.channel_type for channel in channels] == [1, 2, 31]
    told = await client.auth(AuthRequest(username="dev01", password="p ss+1~*"))
    assert (told.success, told.may_refund, told.company_code) == (True, True, MERCHANT.merchant_id)
    assert (told.user.company.time_limit, told.user.login_flag) == (5, 1)
    assert (await client.login(LoginRequest(username="dev01", password="x"))).channels == channels
    refused = await client.auth(AuthRequest(username="dev01", password="wrong"))
    assert (refused.success, refused.may_refund, refused.user) == (False, False, None)
    assert "wrong" in refused.message


async def test_a_refusal_is_told_the_same_way(client: GatewayClient) -> None:
    """Errors have the format and the encryption of everything else."""
    assert (await client.query(QueryRequest(code="nothing"))).code == "CHARGE_NONEXISTENT"
    assert (await client.pay(PAY)).code == "SUCCESS"
    repeated = await client.pay(PAY)
    assert repeated.code == "SERIAL_REPEAT"
    assert repeated.info


async def test_what_xml_cannot_hold_is_told_before_anything_is_sent(house: House) -> None:
    """A control character, or a name with a blank, in XML; JSON has no trouble with either."""
    client = house.client(merchant=replace(MERCHANT, request_format="xml"))
    for spoilt in (replace(PAY, subject="a\x00b"), replace(PAY, extra={"A B": "1"})):
        with pytest.raises(InvalidParameterError):
            await client.pay(spoilt)
    assert house.gateway.books.requests == {}


async def test_vouchers(house: House) -> None:
    """A code is issued, looked up, redeemed, listed and cancelled by typed requests."""
    client = WriteOffClient(replace(MERCHANT, base_url=house.base), house.engine)
    here = Places(merchant_ids=(MERCHANT.merchant_id,), verify_number=2)
    now = datetime.now(UTC)
    issue = IssueRequest(
        trade_code="T1", goods_name="Set", goods_code="G1", goods_count=2, total_verify_number=2,
        places=(here,), amount_fen=Fen(8880), order_date=now, order_validity=now + timedelta(days=1),
    )  # fmt: skip
    code = (await client.issue(issue)).verify_code
    found = (await client.look_up(LookUpRequest(trade_code="T1"))).voucher
    assert (found.goods_name, found.amount_fen, found.used_time, found.is_active) == ("Set", 8880, 0, 1)
    redeemed = await client.redeem(RedeemRequest(verify_code=code, device_code="dev01"))
    assert (redeemed.code, redeemed.voucher.used_time) == ("SUCCESS", 1)
    listed = ListRequest(device_code="dev01", begin=now - timedelta(hours=1), end=now + timedelta(hours=1))
    (redemption,) = (await client.list(listed)).redemptions
    assert (redemption.verify_code, redemption.voucher.trade_code) == (code, "T1")
    unused = (await client.issue(replace(issue, trade_code="T2"))).verify_code
    assert (await client.cancel(CancelVoucher(trade_code="T2", verify_code=unused))).code == "SUCCESS"
    assert (await client.look_up(LookUpRequest(trade_code="T2"))).voucher.is_active == 0
    assert (await client.look_up(LookUpRequest(trade_code="T3"))).voucher is None
