"""One lane a trade: its operations one after the other, those of other trades side by side."""

import asyncio

import pytest

from paybus.execution.lane import Lanes

ONE, OTHER = ("m", "C1"), ("m", "C2")


async def test_a_trade_is_one_at_a_time_and_in_order() -> None:
    """First come, first served, and nobody begins before the one before him has ended."""
    lanes, log = Lanes(), list[str]()

    async def work(number: int) -> None:
        async with lanes.of(ONE):
            log.append(f"begin {number}")
            await asyncio.sleep(0)
            log.append(f"end {number}")

    await asyncio.gather(*(work(number) for number in range(3)))
    assert log == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]


async def test_trades_do_not_wait_for_each_other() -> None:
    """A trade that takes long holds up no other one, nor the same code of another merchant."""
    lanes = Lanes()
    async with lanes.of(ONE), lanes.of(OTHER), lanes.of(("other", "C1")):
        assert len(lanes) == 3


@pytest.mark.parametrize("ending", ["well", "badly", "cancelled while waiting"])
async def test_a_lane_is_left_however_it_ends(ending: str) -> None:
    """An error or a cancelled wait lets the next one in, and a lane nobody uses takes no memory."""
    lanes, entered = Lanes(), list[str]()

    async def enter(name: str) -> None:
        async with lanes.of(ONE):
            entered.append(name)
            if ending == "badly":
                raise ZeroDivisionError

    async with lanes.of(ONE):
        waiting = [asyncio.create_task(enter(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        if ending == "cancelled while waiting":
            waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert entered == (["second"] if ending == "cancelled while waiting" else ["first", "second"])
    assert len(lanes) == 0
