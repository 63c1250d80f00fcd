"""query at the sandbox."""

import asyncio

from tests.sandbox.house import OTHER, House, open_house, payment, until

from paybus.gateway.parameters import Goods
from paybus.gateway.query import By, QueryRequest
from paybus.sandbox.fault_settings import FaultSettings

GOODS = Goods(goods_id="1", name="Tea", category="Drink", price_fen=15800, subject="Green", quantity=1)


async def test_a_query_tells_all_the_gateway_knows(house: House) -> None:
    """By up code or down code the same order, with everything its request said."""
    client = house.client()
    paid = await client.pay(payment(goods=(GOODS,), register_id="02016", merchant_para="MDE="))
    by_up_code = await client.query(QueryRequest(code="C1"))
    by_down_code = await client.query(QueryRequest(code=paid.down_code or "", by=By.DOWN_CODE))
    assert by_up_code == by_down_code
    assert (by_up_code.code, by_up_code.state, by_up_code.amount_fen) == ("SUCCESS", 1, 15800)
    assert (by_up_code.register_id, by_up_code.dynamic_id) == ("02016", "280000000000000001")
    assert by_up_code.goods[0]["GOOD_PRICE"] == "158.00"
    assert by_up_code.third_code == paid.third_code
    assert by_up_code.end_time is not None


async def test_a_down_code_is_no_up_code(house: House) -> None:
    """Without serType the code is an up code or a refund's number."""
    client = house.client()
    paid = await client.pay(payment())
    asked = await client.query(QueryRequest(code=paid.down_code or ""))
    assert asked.code == "CHARGE_NONEXISTENT"


async def test_codes_that_urls_escape_are_found(house: House) -> None:
    """A code with a slash, a blank and Chinese text travels percent-encoded and is signed decoded."""
    client = house.client()
    await client.pay(payment("a/b 茶?#%"))
    assert (await client.query(QueryRequest(code="a/b 茶?#%"))).state == 1


async def test_a_merchant_sees_his_own_orders_only(house: House) -> None:
    """The same code of another merchant is another order."""
    await house.client().pay(payment())

    asked = await house.client(merchant=OTHER, encrypt=True).query(QueryRequest(code="C1"))
    assert asked.code == "CHARGE_NONEXISTENT"


async def test_queries_take_their_own_time() -> None:
    """query_latency_ms holds back queries and nothing else."""
    async with open_house(faults=FaultSettings(query_latency_ms=600_000)) as house:
        client = house.client()
        assert (await client.pay(payment())).code == "SUCCESS"
        asking = asyncio.create_task(client.query(QueryRequest(code="C1")))
        await until(lambda: house.gateway.books.requests["query"] == 1)
        assert not asking.done()
        asking.cancel()
