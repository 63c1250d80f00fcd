"""Time inside the sandbox: timers that fire whether or not anybody still waits for them.

What the gateway does after its latency is a timer's work, not that of the caller's task, so a charge
happens also when the client has gone. All of it can be cut at once.
"""

import asyncio
from collections.abc import Callable
import contextlib

from paybus.sandbox.errors import CutError, RefusalError


class Clock:
    """Timers and waits of one set of books."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timers: set[Timer] = set()
        self._waits: set[asyncio.Future[None]] = set()

    def later(self, seconds: float, action: Callable[[], object]) -> "Timer":
        """Do *action* after that time."""
        timer = Timer(self._timers, action)
        timer.handle = self._loop.call_later(seconds, timer.fire)
        return timer

    def wait(self) -> asyncio.Future[None]:
        """Give a future that somebody will finish with `wake`; it raises CutError when all is cut."""
        waiting: asyncio.Future[None] = self._loop.create_future()
        self._waits.add(waiting)
        waiting.add_done_callback(self._waits.discard)
        return waiting

    def carry_out(self, seconds: float, action: Callable[[], None]) -> asyncio.Future[None]:
        """Do *action* after that time, awaited or not; what it refuses is raised to whoever awaits."""
        waiting = self.wait()

        def act() -> None:
            try:
                action()
            except RefusalError as refusal:
                if not waiting.done():
                    waiting.set_exception(refusal)
            else:
                wake(waiting)

        self.later(seconds, act)
        return waiting

    async def pass_time(self, seconds: float) -> None:
        """Let that time pass; raises CutError."""
        if seconds > 0:
            waiting = self.wait()
            self.later(seconds, lambda: wake(waiting))
            await waiting

    def cut(self) -> None:
        """Drop all timers and end all waits with CutError."""
        for timer in list(self._timers):
            timer.cancel()
        for waiting in list(self._waits):
            if not waiting.done():
                waiting.set_exception(CutError())


class Timer:
    """One action to come."""

    __slots__ = ("_action", "_timers", "handle")

    def __init__(self, timers: "set[Timer]", action: Callable[[], object]) -> None:
        self._timers = timers
        self._action = action
        self.handle: asyncio.TimerHandle | None = None
        timers.add(self)

    def fire(self) -> None:
        """Do the action."""
        self._timers.discard(self)
        self._action()

    def cancel(self) -> None:
        """Never do the action."""
        self._timers.discard(self)
        if self.handle is not None:
            self.handle.cancel()


def wake(waiting: asyncio.Future[None]) -> None:
    """Finish a wait, whose task may be gone."""
    with contextlib.suppress(asyncio.InvalidStateError):
        waiting.set_result(None)
