"""The one place where the program's clocks are replaced; within, nothing reads a real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.simulation.loop import VirtualLoop

from paybus.execution import attempt, ledger_clock, worker
from paybus.intake import intake, reading
from paybus.notifier import relay
from paybus.reconciler import inquirer

START = datetime(2026, 1, 1, tzinfo=UTC)

PACES = ((worker, "LOOK_SECONDS", 3.0), (relay, "POLL_SECONDS", 8.0), (relay, "TAKE_SECONDS", 5.0))
"""Polls are rarer than in the program: what they find is found later, and there is less of nothing to do."""


def moment(loop: VirtualLoop) -> datetime:
    """Give the simulated time of day."""
    return START + timedelta(seconds=loop.time())


@contextmanager
def simulated_clocks(loop: VirtualLoop) -> Iterator[None]:
    """Let the program live in the loop's time while the block runs."""

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:  # noqa: ARG003 -- ours is UTC
            return moment(loop)

    def nanoseconds() -> int:
        return int(loop.time() * 1e9)

    time = SimpleNamespace(
        monotonic=loop.time, time_ns=lambda: int(START.timestamp() * 1e9) + nanoseconds(),
        perf_counter_ns=nanoseconds,
    )  # fmt: skip
    patches = [patch.object(module, "time", time) for module in (attempt, worker, inquirer)]
    patches += [patch.object(module, "datetime", Datetime) for module in (ledger_clock, reading, intake)]
    patches += [patch.object(module, name, seconds) for module, name, seconds in PACES]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
