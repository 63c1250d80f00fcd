"""cancel at the sandbox."""

import pytest
from tests.sandbox.house import House, open_house, payment, until
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.operations.test_refund import refund

from paybus.gateway.cancel import CancelRequest
from paybus.gateway.query import QueryRequest

CANCEL = CancelRequest(charge_code="C1")


@pytest.mark.parametrize("encrypt", [False, True])
async def test_a_paid_order_is_revoked_and_its_money_returned(house: House, *, encrypt: bool) -> None:
    """State 2 and one revocation of the whole amount; a second cancel is AREADY_REVOKED."""
    client = house.client(encrypt=encrypt)
    await client.pay(payment())
    assert (await client.cancel(CANCEL)).code == "SUCCESS"
    assert (await client.query(QueryRequest(code="C1"))).state == 2
    assert (await client.cancel(CANCEL)).code == "AREADY_REVOKED"
    assert house.effects("revocation") == [("revocation", "C1", 15800, 2)]
    assert (await client.refund(refund())).code == "FAIL"


async def test_an_unpaid_order_is_revoked_without_money(house: House) -> None:
    """The customer can no longer pay it."""
    client = house.client()
    await client.order(order("C1"))
    assert (await client.cancel(CANCEL)).code == "SUCCESS"
    assert house.effects() == [("revocation", "C1", 0, 2)]
    assert not house.gateway.customers.approve(house.gateway.books.orders[0])


async def test_an_application_is_granted_later() -> None:
    """opType=ACO: state 3 first, state 2 and the money later, once."""
    async with open_house(revocation_seconds=0.01) as house:
        client = house.client()
        await client.pay(payment())
        reply = await client.cancel(CancelRequest(charge_code="C1", application_only=True))
        assert reply.code == "SUCCESS"
        await until(lambda: house.gateway.books.orders[0].state == 2)
        assert house.effects("revocation") == [("revocation", "C1", 15800, 2)]


async def test_an_application_is_open_until_it_is_granted() -> None:
    """State 3 meanwhile: a second application fails, a real-time cancel is carried out, once."""
    async with open_house(revocation_seconds=600) as house:
        client = house.client()
        await client.pay(payment())
        application = CancelRequest(charge_code="C1", application_only=True)
        await client.cancel(application)
        assert (await client.query(QueryRequest(code="C1"))).state == 3
        assert (await client.cancel(application)).code == "FAIL"
        assert (await client.cancel(CANCEL)).code == "SUCCESS"
        assert len(house.effects("revocation")) == 1


async def test_what_was_refunded_cannot_be_revoked(house: House) -> None:
    """A partial refund ends the possibility of a cancel; an unknown order cannot be cancelled."""
    client = house.client()
    assert (await client.cancel(CANCEL)).code == "CHARGE_NONEXISTENT"
    await client.pay(payment())
    await client.refund(refund())
    assert (await client.cancel(CANCEL)).code == "FAIL"
