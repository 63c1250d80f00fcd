"""One soak: commands on time, whatever goes wrong, for as long as asked; then quiet, then the evidence."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
import time

from tests.e2e.system import System
from tests.soak.crew import MERCHANT_IDS, Crew
from tests.soak.latency import Span
from tests.soak.schedule import Due, plan
from tests.soak.stage import Settled, Stage
from tests.soak.weather import Change, forecast

from paybus.cli.reconciliation.books import Place
from paybus.cli.reconciliation.evidence import Evidence
from paybus.trades.operation import Kind

DISTURBED_SECONDS = 15.0
"""After a kill or an outage: the broker misses a member for 6 s, the ledger a worker for 9.5 s."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How long, how much, how often somebody is killed, and how long to wait for quiet in the end."""

    seed: int = 1
    rate: float = 200.0
    seconds: float = 600.0
    kill_seconds: float = 45.0
    sample_seconds: float = 10.0
    patience_seconds: float = 480.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was seen."""

    evidence: Evidence
    settled: Settled
    due: Mapping[Place, float]  # of each trade's pay, in Unix seconds
    disturbed: list[Span]
    behind_seconds: float
    """How much later than planned the latest record was handed to the producer."""
    cpu_seconds: Mapping[str, float]


@dataclass(kw_only=True)
class Play:
    """The order services, the weather and the killer. *costs* reads what else uses the processor."""

    system: System
    crew: Crew
    wishes: Wishes
    costs: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    told: Callable[[str], None] = lambda _line: None
    _killings: list[Span] = field(default_factory=list)

    async def run(self) -> Run:
        """Play it; raises what ended it too early, in an ExceptionGroup."""
        wishes = self.wishes
        planned = plan(wishes.seed, rate=wishes.rate, seconds=wishes.seconds, merchant_ids=MERCHANT_IDS)
        async with AsyncExitStack() as stack:
            stage = await Stage.open(stack, self.system)
            begun, before = time.time(), self._cpu_seconds()
            async with asyncio.TaskGroup() as tasks:
                hearing = tasks.create_task(stage.listener.listen())
                beside = [
                    tasks.create_task(one)
                    for one in (self._weather(stage), self._kill(begun), self._sample(stage, begun))
                ]
                behind = await stage.send(planned)
                cpu = {name: used - before[name] for name, used in self._cpu_seconds().items()}
                for task in beside:
                    task.cancel()
                settled = await stage.settle(wishes.patience_seconds)
                hearing.cancel()
            await stage.listener.catch_up(60.0)
            return Run(
                evidence=await stage.evidence(),
                settled=settled,
                due=_due_pays(planned, begun),
                disturbed=[*self._outages(begun), *self._killings],
                behind_seconds=behind,
                cpu_seconds=cpu,
            )

    async def _weather(self, stage: Stage) -> None:
        begun = time.monotonic()
        for change in forecast(self.wishes.seconds):
            await asyncio.sleep(begun + change.at_seconds - time.monotonic())
            await stage.change_faults(change.faults)
            self.told(f"the gateway: {change.name}")

    async def _kill(self, begun: float) -> None:
        while True:
            await asyncio.sleep(self.wishes.kill_seconds)
            now = time.time()
            self.told(f"{now - begun:.0f} s: killed {self.crew.kill_one()}")
            self._killings.append((now, now + DISTURBED_SECONDS))

    async def _sample(self, stage: Stage, begun: float) -> None:
        while True:
            seconds = time.time() - begun
            for name in self.crew.look_after():
                self.told(f"{seconds:.0f} s: {name} had ended by itself")
            self.crew.sample(seconds)
            self.told(f"{seconds:.0f} s: {len(stage.sender.sent)} sent, open: {await stage.open_by_state()}")
            await asyncio.sleep(self.wishes.sample_seconds)

    def _outages(self, begun: float) -> list[Span]:
        def span(change: Change) -> Span:
            at = begun + change.at_seconds
            return at, at + change.lasts_seconds + DISTURBED_SECONDS

        return [span(change) for change in forecast(self.wishes.seconds) if change.lasts_seconds]

    def _cpu_seconds(self) -> dict[str, float]:
        return {**self.crew.cpu_seconds(), **{name: read() for name, read in self.costs.items()}}


def _due_pays(planned: list[Due], begun: float) -> dict[Place, float]:
    due: dict[Place, float] = {}
    for one in planned:
        message = one.message
        if message.kind is Kind.PAY:
            due.setdefault((message.merchant_id, message.charge_code), begun + one.at_seconds)
    return due
