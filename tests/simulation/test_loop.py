"""The simulated loop: time that jumps, processes that die without a word and freeze without noticing."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any

import pytest
from tests.simulation.loop import PROCESS, Process, VirtualLoop

HOUR = 3600.0


@pytest.fixture
def loop() -> VirtualLoop:
    """Give a loop at the beginning of time."""
    return VirtualLoop()


def run_as(loop: VirtualLoop, process: Process, coroutine: Coroutine[Any, Any, None]) -> None:
    """Start *coroutine* as a task of *process*."""
    context = copy_context()
    context.run(PROCESS.set, process)
    loop.create_task(coroutine, context=context)


def worker(seen: list[float], clock: Callable[[], float]) -> Coroutine[Any, Any, None]:
    """Note the time every minute, and the end."""

    async def work() -> None:
        try:
            while True:
                await asyncio.sleep(60)
                seen.append(clock())
        finally:
            seen.append(-1.0)

    return work()


def test_time_passes_only_when_nothing_is_left_to_do(loop: VirtualLoop) -> None:
    """An hour of waiting takes no time, and every timer fires at its own."""
    seen: list[float] = []
    run_as(loop, Process("one"), worker(seen, loop.time))
    assert not loop.run_until(lambda: False, deadline=HOUR)
    assert seen == [60.0 * minute for minute in range(1, 61)]
    loop.close()


def test_the_dead_do_nothing_more(loop: VirtualLoop) -> None:
    """No step is taken after a death: no handler, no `finally`; whoever has to know is told."""
    seen: list[float] = []
    process, died = Process("one"), []
    process.on_death = lambda: died.append(loop.time())
    run_as(loop, process, worker(seen, loop.time))
    loop.call_later(90.0, process.die)
    loop.run_until(lambda: False, deadline=HOUR)
    assert (seen, died) == ([60.0], [120.0])
    loop.close()


def test_the_frozen_go_on_later(loop: VirtualLoop) -> None:
    """What a process misses while it is frozen happens when it thaws, and it does not know the difference."""
    seen: list[float] = []
    process = Process("one")
    run_as(loop, process, worker(seen, loop.time))
    loop.call_later(90.0, process.freeze)
    loop.call_later(1000.0, loop.thaw, process)
    loop.run_until(lambda: False, deadline=1100.0)
    assert seen == [60.0, 1000.0, 1060.0]
    loop.close()


def test_what_nobody_catches_is_kept(loop: VirtualLoop) -> None:
    """A failing callback is a defect of the program or of the simulation: either is reported."""

    def fail() -> None:
        raise ValueError("a defect")

    loop.call_soon(fail)
    loop.run_until(lambda: False, deadline=1.0)
    assert len(loop.errors) == 1
    assert "a defect" in loop.errors[0]
    loop.close()
