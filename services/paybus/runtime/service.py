"""The life of a service process: parts are started in order and stopped in reverse.

    async def main(service: Service, settings: WorkerSettings) -> None:
        pool = await service.enter(ledger_pool(settings))    # closed after everything below has stopped
        service.watch("relay", Relay(pool).run())            # its end is the end of the service
        await service.until_stopped()

    if __name__ == "__main__":
        run("notifier", main, load_settings(WorkerSettings))

SIGTERM or SIGINT begins the stop, also while parts are still being started; a second one ends the process
at once. A stop that takes longer than the grace ends the process, too: what was open is in the ledger, and
is taken over like after a crash. Exit codes: 0 stopped in order, 1 a part failed or did not stop,
128 + n ended by a second signal n.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
import os
import signal
import sys
from typing import Any, NoReturn, Self, TypeVar

import structlog
import uvloop

from paybus.runtime.kafka_on_uvloop import notice_closed_connections
from paybus.runtime.settings import Settings
from paybus.telemetry.collector import collected
from paybus.telemetry.log import configure_logging
from paybus.telemetry.seam import arm

STOP_SECONDS = 15.0
"""On top of the grace, which is spent on calls in flight: to settle them, close pools and leave the group."""

FAILED = 1

_log = structlog.get_logger(__name__)

Part = TypeVar("Part")
AnySettings = TypeVar("AnySettings", bound=Settings)


class Service:
    """What is running in this process, in the order in which it was started."""

    def __init__(self, *, grace_seconds: float) -> None:
        self.dead: dict[str, str] = {}
        """Watched parts that ended before their turn or with an error, and why."""
        self.exit_code = 0
        self._limit_seconds = grace_seconds + STOP_SECONDS
        self._stack = AsyncExitStack()
        self._stop = asyncio.Event()
        self._limit: asyncio.TimerHandle | None = None
        self._started = False
        self._life: asyncio.Task[object] | None = None

    @property
    def stopping(self) -> bool:
        """Say whether the stop has begun."""
        return self._stop.is_set()

    async def enter(self, part: AbstractAsyncContextManager[Part]) -> Part:
        """Start *part* and give what it gives; it is left when everything started later has stopped."""
        return await self._stack.enter_async_context(part)

    def watch(
        self, name: str, part: Coroutine[Any, Any, object], *, stop: Callable[[], object] | None = None
    ) -> None:
        """Run *part* in the background until its turn to stop: then it is cancelled and waited for.

        With *stop*, this is called instead of cancelling, and the part ends by itself. A part that ends in
        any way before its turn, also by returning, stops the whole service with exit code 1.
        """
        task = asyncio.create_task(part, name=name)
        turn = asyncio.Event()
        task.add_done_callback(lambda ended: self._note_end(ended, expected=turn.is_set()))

        async def end() -> None:
            turn.set()
            (stop or task.cancel)()
            await asyncio.wait({task})

        self._stack.push_async_callback(end)

    async def until_stopped(self) -> None:
        """Return when the stop has begun: a signal came, or a watched part died."""
        self._started = True
        _log.info("service.started")
        await self._stop.wait()

    def stop(self) -> None:
        """Begin the stop; what is just being started is cancelled. Calling it again changes nothing."""
        if self.stopping:
            return
        self._stop.set()
        self._limit = asyncio.get_running_loop().call_later(self._limit_seconds, _give_up)
        if not self._started and self._life is not None:
            self._life.cancel()

    async def live(self, main: Callable[[Self], Awaitable[None]]) -> None:
        """Run *main* and then stop every part, all in one task; raises what main or a stop raised."""
        self._life = asyncio.current_task()
        try:
            async with self._stack:
                await self._until_end_of(main)
        finally:
            if self._limit is not None:
                self._limit.cancel()

    async def _until_end_of(self, main: Callable[[Self], Awaitable[None]]) -> None:
        try:
            await main(self)
        except asyncio.CancelledError:
            if self._life is None or not self.stopping:
                raise
            self._life.uncancel()  # it was `stop`: from here on the parts must be able to wait
        except SystemExit as refusal:  # of settings that main itself read; let loose, it would end the loop
            self.exit_code = refusal.code if isinstance(refusal.code, int) else FAILED
        finally:
            self._started = True  # there is nothing left to cancel but the stop itself
            self.stop()

    def _note_end(self, task: asyncio.Task[object], *, expected: bool) -> None:
        error = None if task.cancelled() else task.exception()
        if expected and error is None:
            return
        reason = "cancelled" if task.cancelled() else "returned" if error is None else type(error).__name__
        self.dead[task.get_name()] = reason
        self.exit_code = FAILED
        _log.error("service.part_died", part=task.get_name(), reason=reason, exc_info=error)
        self.stop()


def run(
    name: str, main: Callable[[Service, AnySettings], Awaitable[None]], settings: AnySettings
) -> NoReturn:
    """Run *main* as the service *name* on uvloop, with its log configured; exits the process."""
    configure_logging(name, level=settings.log_level, form=settings.log_format)
    notice_closed_connections()
    if settings.seam is not None:
        _log.warning("service.will_kill_itself", seam=settings.seam)
        arm(settings.seam)

    async def traced(service: Service) -> None:
        await service.enter(collected(name))  # first in, last out: what the other parts do is still recorded
        await main(service, settings)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_run(traced, settings.grace_seconds))
    sys.exit(code)


async def _run(main: Callable[[Service], Awaitable[None]], grace_seconds: float) -> int:
    service = Service(grace_seconds=grace_seconds)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _on_signal, service, number)
    life = asyncio.create_task(service.live(main), name="main")
    await asyncio.wait({life})
    if life.cancelled() or life.exception():
        service.exit_code = FAILED
        _log.error("service.failed", exc_info=None if life.cancelled() else life.exception())
    _log.info("service.stopped", exit_code=service.exit_code)
    return service.exit_code


def _give_up() -> None:
    _log.critical(
        "service.stop_took_too_long", waiting_for=sorted(task.get_name() for task in asyncio.all_tasks())
    )
    os._exit(FAILED)


def _on_signal(service: Service, number: signal.Signals) -> None:
    if service.stopping:
        _log.warning("service.ended_at_once", signal=number.name)
        os._exit(128 + number)
    _log.info("service.stopping", signal=number.name)
    service.stop()
