"""Outages and the ban for too many errors."""

import pytest
from tests.sandbox.house import House, payment

from paybus.gateway.errors import ConnectionLostError, HttpStatusError
from paybus.gateway.query import QueryRequest
from paybus.sandbox.errors import RefusalError, SpoiltError
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import ErrorQuota, FaultSettings, Outage
from paybus.sandbox.interruption import Interruptions


class Now:
    """A clock that a test moves."""

    seconds = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds


async def test_in_an_outage_nothing_is_carried_out(house: House) -> None:
    """HTTP 503 for every operation; the calls are noted, and no money moves."""
    house.gateway.replace_faults(FaultSettings(outages=(Outage(for_seconds=600),)))
    client = house.client()
    with pytest.raises(HttpStatusError):
        await client.pay(payment())
    with pytest.raises(HttpStatusError):
        await client.query(QueryRequest(code="C1"))
    assert house.effects() == []
    (call,) = house.gateway.books.calls
    assert (call.answer_code, call.fault) == (None, "error_before")
    house.gateway.replace_faults(FaultSettings())
    assert (await client.pay(payment())).code == "SUCCESS"


async def test_an_outage_may_reset_connections(house: House) -> None:
    """With `reset` there is not even an HTTP status."""
    house.gateway.replace_faults(FaultSettings(outages=(Outage(for_seconds=600, reset=True),)))
    with pytest.raises(ConnectionLostError):
        await house.client().pay(payment())


def test_an_outage_has_a_beginning_and_an_end() -> None:
    """It begins after_seconds after the settings were given and lasts for_seconds."""
    now = Now()
    interruptions = Interruptions(FaultSettings(outages=(Outage(after_seconds=10, for_seconds=5),)), now)
    for seconds, out in ((1009.9, False), (1010.0, True), (1014.9, True), (1015.0, False)):
        now.seconds = seconds
        if out:
            with pytest.raises(SpoiltError) as caught:
                interruptions.check("m")
            assert caught.value.fault is Fault.ERROR_BEFORE
        else:
            interruptions.check("m")


def test_too_many_errors_begin_a_ban() -> None:
    """More than `most` within the window ban that merchant alone, for ban_seconds however often he asks."""
    now = Now()
    quota = ErrorQuota(most=2, window_seconds=10, ban_seconds=5)
    interruptions = Interruptions(FaultSettings(error_quota=quota), now)
    for code in ("FAIL", "SUCCESS", "FAIL"):
        interruptions.note("m", code)
    interruptions.check("m")
    now.seconds += 10  # the two are forgotten
    for _ in range(3):
        interruptions.check("m")
        interruptions.note("m", "FAIL")
    interruptions.check("other")
    for _ in range(5):
        with pytest.raises(RefusalError, match="SERVICE_UNAVAILABLE"):
            interruptions.check("m")
        interruptions.note("m", "SERVICE_UNAVAILABLE")
    now.seconds += 5
    interruptions.check("m")


async def test_a_banned_merchant_moves_nothing(house: House) -> None:
    """His calls are refused with SERVICE_UNAVAILABLE, noted, and not carried out."""
    house.gateway.replace_faults(FaultSettings(error_quota=ErrorQuota(most=0)))
    client = house.client()
    assert (await client.query(QueryRequest(code="C1"))).code == "CHARGE_NONEXISTENT"
    assert (await client.pay(payment())).code == "SERVICE_UNAVAILABLE"
    assert (await client.query(QueryRequest(code="C1"))).code == "SERVICE_UNAVAILABLE"
    assert [call.answer_code for call in house.gateway.books.calls] == ["SERVICE_UNAVAILABLE"]
    assert house.effects() == []
