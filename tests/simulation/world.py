"""One world: everything around the program's own code, from one seed, until nothing is left to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
import sys
from typing import Any
from uuid import UUID

import structlog
from tests.simulation.broker import SimulatedRecord, Topic
from tests.simulation.callbacks import Postman
from tests.simulation.chance import Chance
from tests.simulation.client import SimulatedClient
from tests.simulation.clock import START, moment, simulated_clocks
from tests.simulation.gateway import SimulatedGateway
from tests.simulation.house import House
from tests.simulation.loop import VirtualLoop
from tests.simulation.script import Line, write_script
from tests.simulation.services import NotifierService, ReconcilerService, WorkerService
from tests.simulation.surroundings import OURS, Calls, Letters, Surroundings
from tests.simulation.trouble import schedule_trouble, strike_sender
from tests.simulation.verdict import violations_of
from tests.simulation.wire import LedgerWeather, SimulatedWire

from paybus.contracts.command import identify
from paybus.contracts.errors import NotACommandError
from paybus.ledger.memory.pool import MemoryDatabase, MemoryPool
from paybus.notifier.memory_broker import MemoryBroker
from paybus.trades.operation import Kind

CALM_SECONDS = 900.0
"""So long after the faults at most, everything must have come to its end."""

LOOK_SECONDS = 3.0
"""Between looks whether it has."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed."""

    seed: int
    violations: tuple[str, ...]
    events: int
    effects: int
    steps: int
    simulated_seconds: float


class World:
    """Builds everything; `live` runs it."""

    def __init__(self, loop: VirtualLoop, seed: int, note: Callable[[str], None] | None = None) -> None:
        self.loop = loop
        self.chance = Chance(seed)
        self._note = note
        self.early_commits: list[str] = []
        self.weather = LedgerWeather()
        self.clock_off = timedelta()
        """How far the ledger's clock was moved."""
        self.database = MemoryDatabase(lambda: moment(self.loop) + self.clock_off)
        self.topics = {kind: Topic(f"{kind}.commands", partial(self._check, kind)) for kind in Kind}
        self.around = Surroundings(
            topics=self.topics,
            events=MemoryBroker(),
            letters=Letters(),
            journal=Calls(),
            make_client=lambda: SimulatedClient(self.gateway, self.chance, OURS, self._strike),
            clock=self.loop.time,
            draw=self.chance.random.random,
        )
        self.house = House(self.loop, self._make_pool, lambda: list(self.topics.values()), self.note)
        self.notifiers = [self.house.add(f"notifier{n}", self._make_notifier) for n in range(2)]
        postman = Postman(self.loop, self.chance, self.notifiers, self.note)
        self.gateway = postman.gateway = SimulatedGateway(self.loop, self.chance, postman.notify)
        self._occupy()
        self.done = False

    def note(self, text: str) -> None:
        """Write a line of the trace, if there is one."""
        if self._note is not None:
            self._note(f"{self.loop.time():9.3f}  {text}")

    def live(self) -> Outcome:
        """Run to the end and judge."""
        for line in write_script(self.chance):
            self.loop.call_later(line.at, self._send, line)
        schedule_trouble(self)
        self.loop.call_later(self.chance.faulty_seconds, self._become_calm)
        self.loop.run_until(lambda: self.done, deadline=self.chance.faulty_seconds + CALM_SECONDS)
        outcome = Outcome(
            self.chance.seed,
            tuple(violations_of(self)),
            len(self.around.events.log),
            len(self.gateway.books.effects),
            self.loop.steps,
            self.loop.time(),
        )
        self.loop.close()
        return outcome

    def _occupy(self) -> None:
        for kind, most in ((Kind.PAY, 2), (Kind.REFUND, 2), (Kind.CANCEL, 1)):
            for number in range(self.chance.random.randint(1, most)):
                self.house.add(f"{kind}{number}", partial(self._make_worker, kind))
        self.house.add("reconciler", lambda pool: ReconcilerService(pool, self.around))

    def _make_pool(self) -> MemoryPool:
        return MemoryPool(self.database, SimulatedWire(self.chance, self.weather))

    def _make_worker(self, kind: Kind, pool: MemoryPool) -> WorkerService:
        worker_id = UUID(int=self.chance.random.getrandbits(128))
        return WorkerService(kind, pool, worker_id, self.around)

    def _make_notifier(self, pool: MemoryPool) -> NotifierService:
        return NotifierService(pool, self.around)

    def _send(self, line: Line) -> None:
        timestamp = int((START + timedelta(seconds=self.loop.time())).timestamp() * 1000)
        record = self.topics[line.kind].append(line.key, line.value, timestamp)
        self.note(f"record {record.topic}[{record.partition}]@{record.offset} {line.value!r}")

    def _check(self, kind: Kind, record: SimulatedRecord) -> None:
        """I7: what is committed is in the ledger, or told as rejected, or a dead letter."""
        tables = self.database.tables
        try:
            identity = identify(record.value, kind)
        except NotACommandError:
            durable = any(value == record.value for value, _ in self.around.letters.kept)
        else:
            durable = tables.operation(identity.merchant_id, kind, identity.key(kind)) is not None
        if not durable:
            self.early_commits.append(f"I7 {record.topic}@{record.offset} was committed and is nowhere")

    def _strike(self) -> None:
        if self.chance.happens(self.chance.strike):
            strike_sender(self)

    def _become_calm(self) -> None:
        self.note("the faults stop")
        self.chance.calm = True
        self.weather.away = self.gateway.out = False
        self.around.events.room, self.around.events.refusing = float("inf"), 0
        for place in self.house.places:
            self.house.thaw(place.process)
            place.process.steps_left = float("inf")
        self._look()

    def _look(self) -> None:
        self.done = self._is_quiet()
        self.loop.call_later(LOOK_SECONDS, self._look)

    def _is_quiet(self) -> bool:
        tables = self.database.tables
        return (
            self.gateway.quiet
            and not tables.outbox
            and all(topic.consumed for topic in self.topics.values())
            and all(row["state"] in {"done", "rejected"} for row in tables.operations.values())
            and all(row["state"] != "awaiting_payment" for row in tables.trades.values())
            and not any(
                row["receipt"] == "unmatched" and key[:2] in tables.trades
                for key, row in tables.callbacks.items()
            )
        )


def run_seed(seed: int, note: Callable[[str], None] | None = None) -> Outcome:
    """Let one world live, and say what became of it; the same seed gives the same world."""
    loop = VirtualLoop()
    with logging_to(note, loop.errors), simulated_clocks(loop):
        return World(loop, seed, note).live()


@contextmanager
def logging_to(note: Callable[[str], None] | None, mistakes: list[str]) -> Iterator[None]:
    """Have the program's log written to *note*, and its mistakes kept."""
    before = structlog.get_config()

    def write(_logger: Any, _method: str, event: dict[str, Any]) -> Any:
        if event.pop("exc_info", None):  # the program caught what it calls a mistake of its own
            event["mistake"] = repr(sys.exception())
            mistakes.append(f"{event['event']}: {event['mistake']}")
        if note is not None:
            note(f"           log {event}")
        raise structlog.DropEvent

    structlog.configure(processors=[write])
    try:
        yield
    finally:
        structlog.configure(**before)
