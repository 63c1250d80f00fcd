"""batch query at the sandbox."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any

import pytest
from tests.sandbox.house import OTHER, House, payment
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.operations.test_refund import refund

from paybus.gateway.batch_query import BatchQueryReply, BatchQueryRequest
from paybus.gateway.cancel import CancelRequest
from paybus.gateway.china_time import write_time


def asked(**changed: Any) -> BatchQueryRequest:
    """Ask for the orders of the last hour."""
    now = datetime.now(UTC)
    return BatchQueryRequest(**{"user_id": "u", "begin": now - timedelta(hours=1), "end": now} | changed)


async def listed(house: House, **changed: Any) -> list[str | None]:
    """Give the charge codes of a batch query."""
    reply: BatchQueryReply = await house.client().batch_query(asked(**changed))
    assert (reply.code, reply.count) == ("SUCCESS", len(reply.trades))
    return [trade.charge_code for trade in reply.trades]


@pytest.fixture
async def house_with_orders(house: House) -> House:
    """Make orders: P paid, R refunded, V revoked, W waiting, and X of another merchant."""
    client = house.client()
    for code in ("P", "R", "V"):
        await client.pay(payment(code))
    await client.refund(refund(charge_code="R", amount_fen=15800))
    await client.cancel(CancelRequest(charge_code="V"))
    await client.order(order("W"))
    await house.client(merchant=OTHER, encrypt=True).pay(payment("X"))
    return house


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, ["P", "R", "V", "W"]),
        ({"state": 1}, ["P"]),
        ({"state": 0}, ["W"]),
        ({"state": 7}, ["R", "V"]),
        ({"channel_type": 2}, ["W"]),
        ({"channel_type": 1}, ["P", "R", "V"]),
        ({"charge_code": "R"}, ["R"]),
        ({"charge_code": "X"}, []),
        ({"page_size": 3}, ["P", "R", "V"]),
        ({"page_size": 3, "page_number": 2}, ["W"]),
        ({"page_number": 2}, []),
        ({"end": datetime(2020, 1, 1, tzinfo=UTC)}, []),
        ({"begin": datetime(2099, 1, 1, tzinfo=UTC)}, []),
    ],
)
async def test_all_filters_hold(house_with_orders: House, changed: dict[str, Any], codes: list[str]) -> None:
    """Merchant, dates, state (7 is refunded or revoked), channel, code and page; the oldest first."""
    assert await listed(house_with_orders, **changed) == codes


async def raw(house: House, query: str) -> dict[str, Any]:
    """Ask by hand."""
    url = f"{house.base}queryTrades?sign={house.signed('')}&busiCode=0010000001&{query}"
    return json.loads((await house.http.get(url)).text)["ServiceResult"]


async def test_a_single_order_is_an_object(house_with_orders: House) -> None:
    """A list of one collapses to its element; none and several are arrays."""
    assert isinstance((await raw(house_with_orders, "pageNum=1&pageSize=1"))["charges"], dict)
    assert isinstance((await raw(house_with_orders, "pageNum=1&pageSize=2"))["charges"], list)
    assert (await raw(house_with_orders, "pageNum=9&pageSize=2"))["charges"] == []


@pytest.mark.parametrize(
    "query", ["", "pageNum=0&pageSize=1", "pageNum=1&pageSize=501", "pageNum=1&pageSize=1&state=x",
              "pageNum=1&pageSize=1&beginDate=yesterday"],
)  # fmt: skip
async def test_a_refusal_has_a_size_too(house: House, query: str) -> None:
    """The vendor's client fails without chargesSize, so errors carry it."""
    reply = await raw(house, query)
    assert (reply["RESULT"]["CODE"], reply["chargesSize"]) == ("ILLEGAL_PARAMETER", 0)


async def test_a_date_without_time_is_the_whole_day(house_with_orders: House) -> None:
    """Begin at 00:00:00, end with 23:59:59, in China's time."""
    today = write_time(datetime.now(UTC))[:10]
    reply = await raw(house_with_orders, f"PageNum=1&pageSize=9&beginDate={today}&endDate={today}")
    assert reply["chargesSize"] == 4
