"""refund at the sandbox."""

import asyncio

import pytest
from tests.sandbox.house import House, open_house, payment

from paybus.gateway.query import QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.sandbox.books import BookRules


def refund(number: str = "R1", amount_fen: int = 100, **changed: str) -> RefundRequest:
    """Ask for a refund of C1."""
    code = {} if changed else {"charge_code": "C1"}
    return RefundRequest(refund_number=number, amount_fen=amount_fen, subject="Cold", **code, **changed)


@pytest.mark.parametrize("encrypt", [False, True])
async def test_a_refund_moves_its_amount_back(house: House, *, encrypt: bool) -> None:
    """In part state 4, in full state 5; the refund itself is in state 11."""
    client = house.client(encrypt=encrypt)
    await client.pay(payment())
    reply = await client.refund(refund())
    assert (reply.code, reply.amount_fen, reply.charge_code) == ("SUCCESS", 100, "C1")
    assert (await client.query(QueryRequest(code="C1"))).state == 4
    asked = await client.query(QueryRequest(code="R1"))
    assert (asked.state, asked.amount_fen, asked.charge_code) == (11, 100, "C1")
    await client.refund(refund("R2", 15700))
    assert (await client.query(QueryRequest(code="C1"))).state == 5
    assert house.effects("refund") == [("refund", "C1", 100, 2), ("refund", "C1", 15700, 3)]


async def test_the_down_code_wins(house: House) -> None:
    """With both codes the order is the down code's."""
    client = house.client()
    paid = await client.pay(payment())
    await client.pay(payment("C2"))
    await client.refund(refund(down_code=paid.down_code or "", charge_code="C2"))
    assert house.effects("refund") == [("refund", "C1", 100, 3)]


async def test_fifty_refunds_at_once_never_exceed_the_payment(house: House) -> None:
    """Whatever arrives together, the money that goes back is at most the money that came."""
    client = house.client()
    await client.pay(payment(amount_fen=1000))
    replies = await asyncio.gather(*(client.refund(refund(f"R{n}", 70)) for n in range(50)))
    assert sorted(reply.code for reply in replies) == ["AMT_ERROR"] * 36 + ["SUCCESS"] * 14
    assert sum(amount for _, _, amount, _ in house.effects("refund")) == 980


async def test_a_refund_number_is_used_once(house: House) -> None:
    """SERIAL_REPEAT, and no second effect."""
    client = house.client()
    await client.pay(payment())
    await client.refund(refund())
    assert (await client.refund(refund(amount_fen=5))).code == "SERIAL_REPEAT"
    assert len(house.effects("refund")) == 1


async def test_without_duplicate_detection_a_repeat_is_a_second_refund() -> None:
    """The second effect is in the books; what was paid is still the bound."""
    async with open_house(book_rules=BookRules(duplicate_detection=False)) as house:
        client = house.client()
        await client.pay(payment(amount_fen=250))
        codes = [(await client.refund(refund())).code for _ in range(3)]
        assert codes == ["SUCCESS", "SUCCESS", "AMT_ERROR"]
        assert len(house.effects("refund")) == 2


async def test_only_what_exists_and_was_paid_is_refunded(house: House) -> None:
    """An unknown order is CHARGE_NONEXISTENT."""
    assert (await house.client().refund(refund())).code == "CHARGE_NONEXISTENT"
    response = await house.post("refund", '{"BUSI_ID":"0010000001","OPER_ID":"o"}')
    result = response.json()["REFUND_RESP"]["RESULT"]
    assert result["CODE"] == "ILLEGAL_PARAMETER"
    assert "DEV_ID, CHARGE_REFUND_FEE, REFUND_SUBJECT" in result["INFO"]
