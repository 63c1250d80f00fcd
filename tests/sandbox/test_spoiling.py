"""Every fault of an answer, as our client meets it and as the books tell it."""

import asyncio
from typing import Any

import pytest
from tests.sandbox.house import House, open_house, payment, until
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.operations.test_refund import refund

from paybus.gateway.cancel import CancelRequest
from paybus.gateway.errors import ConnectionLostError, HttpStatusError, NoAnswerError, UndecodableReplyError
from paybus.gateway.query import QueryRequest
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import SPOILING, Fault
from paybus.sandbox.fault_settings import FaultSettings, Rule
from paybus.sandbox.spoiling import UNKNOWN_CODE

MET: dict[Fault, type[NoAnswerError]] = {
    Fault.LOST_ANSWER: ConnectionLostError,
    Fault.RESET_AFTER: ConnectionLostError,
    Fault.RESET_BEFORE: ConnectionLostError,
    Fault.TRUNCATED: ConnectionLostError,
    Fault.ERROR_AFTER: HttpStatusError,
    Fault.ERROR_BEFORE: HttpStatusError,
    Fault.GARBAGE: UndecodableReplyError,
    Fault.HTML: UndecodableReplyError,
}
DONE_BEFORE = {Fault.RESET_BEFORE: False, Fault.ERROR_BEFORE: False}


@pytest.mark.parametrize("fault", MET)
async def test_a_pay_that_is_not_answered_has_charged_or_not(house: House, fault: Fault) -> None:
    """The client knows nothing; the books know whether money moved, and what was done to the answer."""
    client = house.client()
    with pytest.raises(MET[fault]) as caught:
        await client.pay(payment(f"FAULT-{fault.upper()}-1"))
    assert caught.value.may_have_moved_money
    assert bool(house.effects()) is DONE_BEFORE.get(fault, True)
    (call,) = house.gateway.books.calls
    assert call.fault == fault
    assert call.answer_code == ("SUCCESS" if house.effects() else None)


async def test_an_unknown_code_hides_what_was_done(house: House) -> None:
    """HTTP 200 and a code that no dictionary has, after the charge."""
    reply = await house.client().pay(payment("FAULT-UNKNOWN_CODE-1"))
    assert (reply.code, reply.http_status, reply.amount_fen) == (UNKNOWN_CODE, 200, None)
    assert len(house.effects()) == 1


def test_every_spoiling_fault_is_met_here() -> None:
    """None is left without a test."""
    assert set(MET) | {Fault.UNKNOWN_CODE} == SPOILING


@pytest.mark.parametrize("operation", ["order", "refund", "cancel"])
@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.ERROR_BEFORE])
async def test_the_other_calls_are_spoilt_alike(house: House, operation: str, fault: Fault) -> None:
    """Once for each code: a repetition is answered, and finds what the first call did or did not do."""
    client = house.client()
    await client.pay(payment())
    calls: dict[str, Any] = {
        "order": lambda: client.order(order()),
        "refund": lambda: client.refund(refund()),
        "cancel": lambda: client.cancel(CancelRequest(charge_code="C1")),
    }
    house.gateway.replace_faults(FaultSettings(rules=(Rule(fault=fault, operation=operation),)))
    with pytest.raises(NoAnswerError):
        await calls[operation]()
    repeated = {"order": "SERIAL_REPEAT", "refund": "SERIAL_REPEAT", "cancel": "AREADY_REVOKED"}
    expected = "SUCCESS" if fault is Fault.ERROR_BEFORE else repeated[operation]
    assert (await calls[operation]()).code == expected
    assert len(house.effects()) == (1 if operation == "order" else 2)


@pytest.mark.parametrize("fault", [*MET, Fault.UNKNOWN_CODE])
async def test_queries_are_spoilt_by_rules_that_name_them(house: House, fault: Fault) -> None:
    """Neither rates nor magic touch a query; a rule for queries does, once."""
    client = house.client()
    await client.pay(payment())
    house.gateway.replace_faults(
        FaultSettings(rates={fault: 1.0}, rules=(Rule(fault=fault, operation="query"),))
    )
    request = QueryRequest(code="C1")
    if fault is Fault.UNKNOWN_CODE:
        assert (await client.query(request)).code == UNKNOWN_CODE
    else:
        with pytest.raises(MET[fault]):
            await client.query(request)
    assert (await client.query(request)).state == 1


async def test_a_late_charge_follows_its_answer() -> None:
    """EXCEPTION while the order is pending, then the charge."""
    habits = Habits(scan_expires_after_seconds=3600)
    async with open_house(faults=FaultSettings(late_seconds=600), habits=habits) as house:
        client = house.client()
        assert (await client.pay(payment("FAULT-LATE_CHARGE-1"))).code == "EXCEPTION"
        assert house.effects() == []
        assert (await client.query(QueryRequest(code="FAULT-LATE_CHARGE-1"))).state == 0
        house.let_time_pass()
        assert house.effects("charge") == [("charge", "FAULT-LATE_CHARGE-1", 15800, 1)]


async def test_a_held_payment_waits_for_somebody(house: House) -> None:
    """The customer does nothing until he is played."""
    paying = asyncio.create_task(house.client().pay(payment("FAULT-HOLD-1")))
    await until(lambda: bool(house.gateway.books.orders))
    assert house.gateway.customers.decline(house.gateway.books.orders[0])
    assert (await paying).code == "FAIL"


async def test_a_slow_call_takes_its_time() -> None:
    """The fault `slow` replaces the latency."""
    async with open_house(faults=FaultSettings(slow_ms=600_000)) as house:
        client = house.client()
        paying = asyncio.create_task(client.pay(payment("FAULT-SLOW-1")))
        await until(lambda: bool(house.gateway.books.orders))
        assert (await client.pay(payment("C2"))).code == "SUCCESS"
        assert not paying.done()
        paying.cancel()


async def test_what_lags_is_not_seen_by_queries() -> None:
    """Done, but CHARGE_NONEXISTENT until late_seconds have passed; the batch query does not list it."""
    async with open_house(faults=FaultSettings(late_seconds=600)) as house:
        client = house.client()
        assert (await client.pay(payment("FAULT-QUERY_LAG-1"))).code == "SUCCESS"
        request = QueryRequest(code="FAULT-QUERY_LAG-1")
        assert (await client.query(request)).code == "CHARGE_NONEXISTENT"
        house.let_time_pass()
        assert (await client.query(request)).state == 1


async def test_what_is_queued_is_not_there_until_its_turn() -> None:
    """Nobody can see it for late_seconds; then it is carried out as if it had just come."""
    async with open_house(faults=FaultSettings(late_seconds=600)) as house:
        client = house.client()
        paying = asyncio.create_task(client.pay(payment("FAULT-QUEUED-1")))
        await until(lambda: bool(house.gateway.books.calls))
        request = QueryRequest(code="FAULT-QUEUED-1")
        assert (await client.query(request)).code == "CHARGE_NONEXISTENT"
        assert not house.effects()
        house.let_time_pass()
        assert (await paying).code == "SUCCESS"
        assert (await client.query(request)).state == 1


async def test_refunds_lag_too() -> None:
    """query_lag_seconds holds for every order and refund."""
    async with open_house(faults=FaultSettings(query_lag_seconds=600)) as house:
        client = house.client()
        await client.pay(payment())
        await client.refund(refund())
        assert (await client.query(QueryRequest(code="R1"))).code == "CHARGE_NONEXISTENT"
        assert len(house.effects()) == 2


@pytest.mark.parametrize(
    ("fault", "refund_state", "order_state"), [("REFUND_LATE", 11, 4), ("REFUND_FAILS_LATE", 13, 9)]
)
async def test_a_refund_may_stay_refunding(fault: str, refund_state: int, order_state: int) -> None:
    """SUCCESS with states 10 and 8; later 11 and 4, or 13 and 9 with its money free again."""
    async with open_house(faults=FaultSettings(late_seconds=600)) as house:
        client, number = house.client(), f"FAULT-{fault}-1"
        await client.pay(payment())
        assert (await client.refund(refund(number))).code == "SUCCESS"
        assert house.effects("refund") == []
        assert (await client.query(QueryRequest(code=number))).state == 10
        assert (await client.query(QueryRequest(code="C1"))).state == 8
        assert (await client.refund(refund("R2", 15701))).code == "AMT_ERROR"
        house.let_time_pass()
        assert (await client.query(QueryRequest(code=number))).state == refund_state
        assert (await client.query(QueryRequest(code="C1"))).state == order_state
        rest = await client.refund(refund("R3", 15800))
        assert rest.code == ("AMT_ERROR" if refund_state == 11 else "SUCCESS")


async def test_a_refund_may_be_refused(house: House) -> None:
    """FAIL, state 13, nothing moved."""
    client = house.client()
    await client.pay(payment())
    assert (await client.refund(refund("FAULT-DECLINE-1"))).code == "FAIL"
    assert (await client.query(QueryRequest(code="FAULT-DECLINE-1"))).state == 13
    assert house.effects("refund") == []


async def test_a_forgotten_cancel_revokes_nothing(house: House) -> None:
    """SUCCESS, and the customer still pays: the late success after a cancel."""
    client, code = house.client(), "FAULT-CANCEL_FORGOTTEN-1"
    await client.order(order(code))
    assert (await client.cancel(CancelRequest(charge_code=code))).code == "SUCCESS"
    assert house.gateway.customers.approve(house.gateway.books.orders[0])
    assert house.effects() == [("charge", code, 1, "customer")]


async def test_a_magic_amount_is_as_good_as_a_prefix(house: House) -> None:
    """90 000.02 yuan loses the answer; without magic it is an amount like any other."""
    with pytest.raises(ConnectionLostError):
        await house.client().pay(payment("C1", 9_000_002))
    house.gateway.replace_faults(FaultSettings(magic=False))
    assert (await house.client().pay(payment("C2", 9_000_002))).code == "SUCCESS"
    assert (await house.client().pay(payment("FAULT-HTML-1"))).code == "SUCCESS"
