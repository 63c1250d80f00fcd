"""The admin API."""

import asyncio

import pytest
from tests.sandbox.house import House, open_house, payment, until
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.operations.test_refund import refund

from paybus.gateway.errors import ConnectionLostError
from paybus.sandbox.fault_settings import FaultSettings


async def test_the_books_tell_everything(house: House) -> None:
    """Orders, refunds, effects with their causes, calls with their answers."""
    client = house.client()
    await client.pay(payment())
    await client.refund(refund())
    await client.pay(payment())
    books = (await house.http.get(f"{house.address}/admin/books")).json()
    assert set(books) == {"orders", "refunds", "effects", "calls", "callbacks", "requests", "refusals"}
    (listed,) = books["orders"]
    assert (listed["state"], listed["paid_fen"], listed["refunded_fen"], listed["call"]) == (4, 15800, 100, 1)
    (given_back,) = books["refunds"]
    assert (given_back["refund_number"], given_back["state"], given_back["amount_fen"]) == ("R1", 11, 100)
    effects = [(e["kind"], e["refund_number"], e["amount_fen"], e["cause"]) for e in books["effects"]]
    assert effects == [("charge", None, 15800, 1), ("refund", "R1", 100, 2)]
    calls = [
        (c["number"], c["operation"], c["charge_code"], c["refund_number"], c["answer_code"])
        for c in books["calls"]
    ]
    assert calls == [
        (1, "pay", "C1", None, "SUCCESS"),
        (2, "refund", "C1", "R1", "SUCCESS"),
        (3, "pay", "C1", None, "SERIAL_REPEAT"),
    ]
    assert books["requests"] == {"pay": 2, "refund": 1}


async def test_parts_of_the_books_can_be_asked_for(house: House) -> None:
    """`?parts=` names lists; unknown ones are refused."""
    await house.client().pay(payment())
    books = (await house.http.get(f"{house.address}/admin/books?parts=effects")).json()
    assert set(books) == {"effects", "requests", "refusals"}
    assert (await house.http.get(f"{house.address}/admin/books?parts=money")).status_code == 400


async def test_large_books_come_in_pieces_without_a_seam(house: House) -> None:
    """More lines than one piece holds make one list."""
    client = house.client()
    for first in range(0, 2100, 100):
        await asyncio.gather(*(client.pay(payment(f"C{first + n}")) for n in range(100)))
    books = (await house.http.get(f"{house.address}/admin/books")).json()
    assert len({effect["charge_code"] for effect in books["effects"]}) == 2100


async def test_the_customer_can_be_played(house: House) -> None:
    """Approve pays, decline closes, and neither does anything to an order that is decided."""
    client = house.client()
    await client.order(order("A"))
    await client.order(order("B"))
    base = f"{house.address}/admin/orders/0010000001"
    assert (await house.http.post(f"{base}/A/approve")).json()["state"] == 1
    assert (await house.http.post(f"{base}/B/decline")).json()["state"] == 6
    assert (await house.http.post(f"{base}/A/decline")).status_code == 409
    assert (await house.http.post(f"{base}/C/approve")).status_code == 404
    assert house.effects() == [("charge", "A", 1, "customer")]


async def test_faults_are_replaced_as_a_whole(house: House) -> None:
    """What is left out has its default again; GET shows what holds."""
    url = f"{house.address}/admin/faults"
    shown = await house.http.post(url, json={"rates": {"decline": 1.0}, "rules": [{"fault": "lost_answer"}]})
    assert shown.json()["rates"] == {"decline": 1.0}
    with pytest.raises(ConnectionLostError):
        await house.client().pay(payment("C1"))
    await house.http.post(url, json={"rates": {"decline": 1.0}})
    assert (await house.client().pay(payment("C2"))).code == "FAIL"
    await house.http.post(url, json={})
    assert (await house.client().pay(payment("C3"))).code == "SUCCESS"
    assert (await house.http.get(url)).json() == FaultSettings().model_dump(mode="json")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"rates": {"decline": 2}}, "rates.decline"),
        ({"rates": {"earthquake": 1}}, "rates.earthquake"),
        ({"latency": 5}, "latency"),
        ({"rates": {"decline": 0.6, "lost_answer": 0.6}}, "more than 1"),
    ],
)
async def test_faults_that_cannot_be_are_refused(house: House, settings: dict, problem: str) -> None:
    """400 names each problem, and what held still holds."""
    response = await house.http.post(f"{house.address}/admin/faults", json=settings)
    assert response.status_code == 400
    assert problem in response.json()["problems"][0]
    assert house.gateway.planner.settings == FaultSettings()


async def test_a_reset_empties_the_books_and_cuts_what_waits() -> None:
    """A call that waits gets no answer, and its money does not appear in the new books."""
    async with open_house(faults=FaultSettings(latency_ms=600_000)) as house:
        client = house.client()
        paying = asyncio.create_task(client.pay(payment()))
        await until(lambda: bool(house.gateway.books.orders))
        assert (await house.http.post(f"{house.address}/admin/reset")).status_code == 200
        with pytest.raises(ConnectionLostError):
            await paying
        books = (await house.http.get(f"{house.address}/admin/books")).json()
        assert (books["orders"], books["calls"]) == ([], [])


async def test_health_says_ok(house: House) -> None:
    """Whoever starts a sandbox can wait for this."""
    assert (await house.http.get(f"{house.address}/admin/health")).json()["status"] == "ok"
    assert (await house.http.get(f"{house.address}/elsewhere")).status_code == 404
