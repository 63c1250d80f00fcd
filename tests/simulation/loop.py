"""An event loop whose time passes only when there is nothing left to do: no wall clock, no order but its own.

Every step belongs to a process, by the context it was scheduled in. The steps of a dead process are never
taken, as after `kill -9`: no handler, no `finally`. Those of a frozen one are taken when it thaws.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar
import heapq
from typing import Any

PROCESS: ContextVar["Process | None"] = ContextVar("process", default=None)


class Process:
    """One process: alive, frozen or dead."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.frozen = False
        self.steps_left = float("inf")
        self.on_death: Callable[[], None] = lambda: None
        self._missed: list[asyncio.Handle] = []

    def die(self, *, after_steps: int = 0) -> None:
        """Die when so many more steps are taken: that is between any two awaits."""
        self.steps_left = after_steps

    def freeze(self) -> None:
        """Stand still."""
        self.frozen = True

    def thaw(self) -> list[asyncio.Handle]:
        """Go on; gives the steps that were missed."""
        self.frozen = False
        missed, self._missed = self._missed, []
        return missed

    def takes(self, handle: asyncio.Handle) -> bool:
        """Say whether it takes this step now."""
        if self.dead:
            return False
        if self.frozen:
            self._missed.append(handle)
            return False
        if self.steps_left <= 0:
            self.dead = True
            self.on_death()
            return False
        self.steps_left -= 1
        return True


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs whatever is ready, then lets time jump to the next timer."""

    def __init__(self) -> None:
        self.steps = 0
        self.errors: list[str] = []
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._sequence = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self._closed = False

    def time(self) -> float:
        """Give the simulated seconds since the beginning."""
        return self._now

    def run_until(self, done: Callable[[], bool], *, deadline: float) -> bool:
        """Run until *done* says so or time is up; gives which."""
        asyncio._set_running_loop(self)
        try:
            while not done():
                if not self._ready and not self._pass_time(deadline):
                    return False
                self._step(self._ready.popleft())
        finally:
            asyncio._set_running_loop(None)
        return True

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        self._ready.extend(process.thaw())

    def _pass_time(self, deadline: float) -> bool:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not timers or timers[0][0] > deadline:
            return False
        self._now = now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= now:
            self._ready.append(heapq.heappop(timers)[2])
        return True

    def _step(self, handle: asyncio.Handle) -> None:
        if handle._cancelled:
            return
        process = handle._context.get(PROCESS)
        if process is None or process.takes(handle):
            self.steps += 1
            handle._run()

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a step."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Schedule a step after some time."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Schedule a step at a time."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._sequence += 1
        heapq.heappush(self._timers, (when, self._sequence, handle))
        return handle

    def create_future(self) -> "asyncio.Future[Any]":
        """Give a future."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        """Start a task; it is kept, so that those of the dead are not ended by the collector."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what nobody caught: it is a defect."""
        if not self._closed:
            self.errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def close(self) -> None:
        """End every task there still is, without a word."""
        self._closed = True
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False
                with suppress(RuntimeError, BaseExceptionGroup):  # one that insists on awaiting something
                    task.get_coro().close()
            elif not task.cancelled():
                task.exception()
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()

    def get_debug(self) -> bool:
        """Say no."""
        return False

    def is_running(self) -> bool:
        """Say yes: who asks is run by it."""
        return True

    def is_closed(self) -> bool:
        """Say whether it has ended."""
        return self._closed

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: cancelled timers are passed over."""
