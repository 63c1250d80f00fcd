"""write-off at the sandbox, with our client."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sandbox.house import MERCHANT, OTHER, House

from paybus.gateway.china_time import write_time
from paybus.gateway.client import WriteOffClient
from paybus.gateway.write_off import Places, WriteOff, WriteOffReply, WriteOffRequest

HERE, THERE = MERCHANT.merchant_id, OTHER.merchant_id
ISSUED = {
    "tradeCode": "T1", "goodsName": "Set", "goodsCode": "G1", "goodsCount": "2", "totalVerifyNumber": "2",
    "amount": "88.80", "remarks": "none",
}  # fmt: skip


async def ask(
    house: House,
    operation: WriteOff,
    members: dict[str, str],
    places: tuple[Places, ...] = (),
    **changed: Any,
) -> WriteOffReply:
    """Carry out an operation at the write-off service."""
    base_url = changed.pop("base_url", f"{house.address}/openGateway/verifyService/")
    client = WriteOffClient(replace(MERCHANT, **changed), house.engine, base_url=base_url)
    return await client.send(WriteOffRequest(operation=operation, members=members, places=places))


async def issue(house: House, **changed: str) -> str:
    """Issue a code that may be redeemed once here and once there."""
    places = (Places(merchant_ids=(HERE,), verify_number=1), Places(merchant_ids=(THERE,), verify_number=1))
    reply = await ask(house, WriteOff.ISSUE, ISSUED | changed, places)
    assert reply.code == "SUCCESS"
    return reply.verify_code or ""


def redeeming(code: str, confirm: str = "1") -> dict[str, str]:
    """Ask to redeem a code."""
    return {"verifyCode": code, "deviceCode": "dev01", "immedyConfirm": confirm}


async def test_a_code_is_redeemed_as_often_as_it_may_be(house: House) -> None:
    """Once at each place; the goods are told, and how often they were taken."""
    code = await issue(house)
    reply = await ask(house, WriteOff.REDEEM, redeeming(code))
    assert reply.code == "SUCCESS"
    assert {"goodsName": "Set", "usedTime": 1, "isActive": 1}.items() <= (reply.goods or {}).items()
    assert (await ask(house, WriteOff.REDEEM, redeeming(code))).code == "FAIL"
    there = {"merchant_id": THERE, "key": OTHER.key}
    assert (await ask(house, WriteOff.REDEEM, redeeming(code), **there)).code == "SUCCESS"
    assert (await ask(house, WriteOff.REDEEM, redeeming("nothing"))).code == "CHARGE_NONEXISTENT"


async def test_looking_takes_nothing(house: House) -> None:
    """Neither a look-up nor a check without confirmation redeems."""
    code = await issue(house)
    checked = await ask(house, WriteOff.REDEEM, redeeming(code, confirm="0"))
    looked_up = await ask(house, WriteOff.LOOK_UP, {"tradeCode": "T1"})
    assert checked.goods == looked_up.goods
    assert (looked_up.goods or {})["usedTime"] == 0
    assert (await ask(house, WriteOff.LOOK_UP, {"tradeCode": "T2"})).code == "CHARGE_NONEXISTENT"


async def test_a_code_is_cancelled_unless_it_was_redeemed(house: House) -> None:
    """Cancelled once; then it cannot be redeemed, and what was redeemed cannot be cancelled."""
    code = await issue(house)
    cancelling = {"tradeCode": "T1", "verifyCode": code}
    assert (await ask(house, WriteOff.CANCEL, cancelling | {"verifyCode": "1"})).code == "CHARGE_NONEXISTENT"
    assert (await ask(house, WriteOff.CANCEL, cancelling)).code == "SUCCESS"
    assert (await ask(house, WriteOff.CANCEL, cancelling)).code == "AREADY_REVOKED"
    assert (await ask(house, WriteOff.REDEEM, redeeming(code))).code == "FAIL"
    other = await issue(house, tradeCode="T2")
    await ask(house, WriteOff.REDEEM, redeeming(other))
    cancelled = await ask(house, WriteOff.CANCEL, {"tradeCode": "T2", "verifyCode": other})
    assert cancelled.code == "FAIL"


async def test_redemptions_are_listed(house: House) -> None:
    """By merchant, device, time, serial and code, a page at a time."""
    code = await issue(house)
    redeemed = await ask(house, WriteOff.REDEEM, redeeming(code))
    now = datetime.now(UTC)
    asked = {
        "deviceCode": "dev01", "pageNo": "1", "pageSize": "10",
        "beginVerDate": write_time(now - timedelta(minutes=1)), "endVerDate": write_time(now),
    }  # fmt: skip
    (listed,) = (await ask(house, WriteOff.LIST, asked)).results
    assert listed["verifyCode"] == code
    assert listed["tradeInfo"] == redeemed.goods
    for changed in ({"deviceCode": "dev02"}, {"verifySerial": "x"}, {"verifyCode": "x"}, {"pageNo": "2"}):
        assert (await ask(house, WriteOff.LIST, asked | changed)).results == ()
    assert (await ask(house, WriteOff.LIST, asked | {"endVerDate": "x"})).code == "ILLEGAL_PARAMETER"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "SERIAL_REPEAT"),
        ({"tradeCode": "T2", "totalVerifyNumber": "0"}, "ILLEGAL_PARAMETER"),
        ({"tradeCode": "T2", "totalVerifyNumber": "x"}, "ILLEGAL_PARAMETER"),
    ],
)
async def test_what_cannot_be_issued_is_refused(house: House, members: dict[str, str], code: str) -> None:
    """A used trade code, or numbers that are none."""
    await issue(house)
    places = (Places(merchant_ids=(HERE,), verify_number=1),)
    assert (await ask(house, WriteOff.ISSUE, ISSUED | members, places)).code == code


async def test_an_expired_code_is_worthless(house: House) -> None:
    """After orderValidity nothing is redeemed."""
    code = await issue(house, orderValidity="2016-01-30 23:59:59")
    assert (await ask(house, WriteOff.REDEEM, redeeming(code))).code == "FAIL"


async def test_both_services_know_write_off(house: House) -> None:
    """POST query is a look-up, and no collision with GET query, also on the other base."""
    await issue(house)
    reply = await ask(house, WriteOff.LOOK_UP, {"tradeCode": "T1"}, base_url=house.base)
    assert reply.code == "SUCCESS"
    assert (await house.http.get(f"{house.address}/openGateway/verifyService/query/T1/1")).status_code == 404
    assert (await house.http.post(f"{house.address}/openGateway/verifyService/refund")).status_code == 404
