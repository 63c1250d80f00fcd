"""pay at the sandbox, with our client and by hand."""

import asyncio
import json

import pytest
from tests.sandbox.house import MERCHANT, House, open_house, payment, until

from paybus.gateway.cancel import CancelRequest
from paybus.gateway.errors import ConnectionLostError
from paybus.gateway.query import QueryRequest
from paybus.sandbox.books import BookRules
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings

SLOW = FaultSettings(latency_ms=600_000)  # nothing is charged unless a test makes it so


@pytest.mark.parametrize("encrypt", [False, True])
async def test_a_payment_is_charged_once_and_answered_in_full(house: House, *, encrypt: bool) -> None:
    """SUCCESS means paid: one charge in the books, caused by the call, and every member in the reply."""
    reply = await house.client(encrypt=encrypt).pay(payment(merchant_para="MDE="))
    assert (reply.code, reply.amount_fen, reply.charge_code) == ("SUCCESS", 15800, "C1")
    assert (reply.oper_id, reply.dev_id, reply.merchant_para) == ("oper01", "dev01", "MDE=")
    assert [bill.amount_fen for bill in reply.fund_bills] == [15800]
    assert all((reply.down_code, reply.third_code, reply.begin_time))
    assert house.effects() == [("charge", "C1", 15800, 1)]
    (call,) = house.gateway.books.calls
    assert (call.operation, call.charge_code, call.answer_code) == ("pay", "C1", "SUCCESS")


async def test_a_used_up_code_is_refused(house: House) -> None:
    """A second pay with the same up code is SERIAL_REPEAT, noted as a call, and moves nothing."""
    client = house.client()
    await client.pay(payment())
    reply = await client.pay(payment(amount_fen=1))
    assert reply.code == "SERIAL_REPEAT"
    assert len(house.effects()) == 1
    assert [call.answer_code for call in house.gateway.books.calls] == ["SUCCESS", "SERIAL_REPEAT"]


async def test_without_duplicate_detection_a_second_call_is_a_second_charge() -> None:
    """What a gateway that forgets would do to a client that repeats is seen in the books."""
    async with open_house(book_rules=BookRules(duplicate_detection=False)) as house:
        client = house.client()
        first, second = await client.pay(payment()), await client.pay(payment())
        assert first.down_code != second.down_code
        assert house.effects() == [("charge", "C1", 15800, 1), ("charge", "C1", 15800, 2)]


async def test_an_order_is_pending_while_the_gateway_works() -> None:
    """The order is registered before the latency passes, so a query meanwhile sees state 0."""
    async with open_house(faults=SLOW) as house:
        client = house.client()
        paying = asyncio.create_task(client.pay(payment()))
        await until(lambda: bool(house.gateway.books.orders))
        asked = await client.query(QueryRequest(code="C1"))
        assert (asked.code, asked.state, house.effects()) == ("SUCCESS", 0, [])
        assert house.gateway.customers.approve(house.gateway.books.orders[0])
        assert (await paying).code == "SUCCESS"


async def test_a_charge_happens_also_when_the_client_has_gone() -> None:
    """Hanging up during the call takes nothing back."""
    async with open_house(faults=FaultSettings(latency_ms=50)) as house:
        port = int(house.address.rpartition(":")[2])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(
            {
                "BUSI_ID": MERCHANT.merchant_id, "OPER_ID": "o", "DEV_ID": "d", "AMT": "158.0",
                "DYNAMIC_ID": "28", "CHARGE_CODE": "C1", "PAY_SUBJECT": "Tea", "NODIFY_URL": "null",
            }
        ).encode()  # fmt: skip
        made = house.signed(body)
        writer.write(
            f"POST /openGateway/openService/preOrder?sign={made} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await until(lambda: bool(house.gateway.books.orders))
        writer.transport.abort()
        await until(lambda: bool(house.effects()))
        assert house.effects() == [("charge", "C1", 15800, 1)]


async def test_a_lost_answer_comes_after_the_charge() -> None:
    """The connection is closed without a reply, the money has moved, and the order can be asked about."""
    faults = FaultSettings(rates={Fault.LOST_ANSWER: 1.0})
    async with open_house(faults=faults) as house:
        client = house.client()
        with pytest.raises(ConnectionLostError) as caught:
            await client.pay(payment())
        assert caught.value.may_have_moved_money
        assert house.effects() == [("charge", "C1", 15800, 1)]
        (call,) = house.gateway.books.calls
        assert (call.answer_code, call.fault) == ("SUCCESS", "lost_answer")
        assert (await client.query(QueryRequest(code="C1"))).state == 1


async def test_a_declined_payment_moves_nothing() -> None:
    """FAIL is the answer, and the order is closed."""
    async with open_house(faults=FaultSettings(rates={Fault.DECLINE: 1.0})) as house:
        client = house.client()
        assert (await client.pay(payment())).code == "FAIL"
        assert (await client.query(QueryRequest(code="C1"))).state == 6
        assert house.effects() == []


async def test_an_unpaid_scan_is_closed_after_its_time() -> None:
    """The gateway cancels a pay that the customer leaves unpaid (80 s; here shortened)."""
    habits = Habits(scan_expires_after_seconds=0.01)
    async with open_house(faults=SLOW, habits=habits) as house:
        client = house.client()
        assert (await client.pay(payment())).code == "FAIL"
        assert (await client.query(QueryRequest(code="C1"))).state == 6
        assert house.effects() == [("expiry", "C1", 0, "expiry")]


async def test_a_cancel_ends_a_pending_payment() -> None:
    """Revoked before it was paid: the waiting call gets FAIL and no money ever moves."""
    async with open_house(faults=SLOW) as house:
        client = house.client()
        paying = asyncio.create_task(client.pay(payment()))
        await until(lambda: bool(house.gateway.books.orders))
        house.gateway.planner.replace(FaultSettings())
        assert (await client.cancel(CancelRequest(charge_code="C1"))).code == "SUCCESS"
        assert (await paying).code == "FAIL"
        assert house.effects() == [("revocation", "C1", 0, 2)]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("AMT", "0", "AMT_ERROR"),
        ("AMT", "-1.00", "AMT_ERROR"),
        ("AMT", "1.001", "AMT_ERROR"),
        ("AMT", "much", "AMT_ERROR"),
        ("AMT", " ", "ILLEGAL_PARAMETER"),
        ("CHARGE_CODE", "x" * 65, "ILLEGAL_PARAMETER"),
        ("CHARGE_CODE", "", "ILLEGAL_PARAMETER"),
        ("DYNAMIC_ID", None, "ILLEGAL_PARAMETER"),
        ("CHANNEL_TYPE", "x", "ILLEGAL_PARAMETER"),
        ("AMT", "¥1.0E2", "SUCCESS"),
        ("DYNAMIC_ID", 280000000000000001, "SUCCESS"),
        ("CHANNEL_TYPE", 2, "SUCCESS"),
    ],
)
async def test_members_are_read_as_the_protocol_says(
    house: House, name: str, value: object, code: str
) -> None:
    """Amount texts of every form are read; what cannot be is refused with the code of its kind."""
    members = {
        "BUSI_ID": MERCHANT.merchant_id, "OPER_ID": "o", "DEV_ID": "d", "AMT": "1.00",
        "DYNAMIC_ID": "28", "CHARGE_CODE": "C1", "PAY_SUBJECT": "Tea",
    } | {name: value}  # fmt: skip
    response = await house.post("preOrder", json.dumps(members, ensure_ascii=False))
    assert response.status_code == 200
    assert response.json()["ORDER_RESP"]["RESULT"]["CODE"] == code
    assert len(house.effects()) == (code == "SUCCESS")
