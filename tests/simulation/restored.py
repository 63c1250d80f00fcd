"""A world whose ledger is lost with everything that runs, and restored to what it was some seconds before."""

from collections.abc import Callable
from typing import Any

from tests.simulation.clock import simulated_clocks
from tests.simulation.loop import VirtualLoop
from tests.simulation.verdict import evidence_of
from tests.simulation.world import World, logging_to

from paybus.cli.reconciliation.effects import check_calls, check_refunds, check_single_effects
from paybus.ledger.memory.restoration import bury, doubt, doubt_records

HUNG_SECONDS = 30.0
"""What was sent before reaches the gateway within this."""

_TABLES = (
    "trades", "operations", "events", "outbox", "workers", "callbacks", "watches", "progress", "relays",
    "doubts", "numbers",
)  # fmt: skip


class RestoredWorld(World):
    """Lives like any other; its events cannot be judged, for what was told after the moment is told anew."""

    def __init__(
        self, loop: VirtualLoop, seed: int, note: Callable[[str], None] | None = None, *, doubts: bool = True
    ) -> None:
        super().__init__(loop, seed, note)
        self.around.restores = True
        self.forgotten = 0
        """Calls that could move money, and of which the restored ledger knows nothing."""
        self._doubts = doubts
        self._copy: dict[str, dict[Any, Any]] = {}
        self._committed: list[list[int]] = []
        self._calls = 0
        faulty_seconds = self.chance.faulty_seconds
        loop.call_later(self.chance.seconds(0.1, 0.5) * faulty_seconds, self._remember)
        loop.call_later(self.chance.seconds(0.6, 0.95) * faulty_seconds, self._lose)

    def _remember(self) -> None:
        if self.database.busy:  # what is under way is not committed
            self.loop.call_later(0.01, self._remember)
            return
        self._copy = {name: dict(getattr(self.database.tables, name)) for name in _TABLES}
        self._committed = [list(topic.committed) for topic in self.topics.values()]
        self._calls = len(self.gateway.books.calls)
        self.note("the ledger is copied")

    def _lose(self) -> None:
        if not self._copy:
            self.loop.call_later(0.01, self._lose)
            return
        self.note("everything dies, and the ledger is restored")
        for place in self.house.places:
            if not place.process.dead:
                place.process.dead = True
                place.process.on_death()
        tables = self.database.tables
        for name, rows in self._copy.items():
            kept = getattr(tables, name)
            dict.clear(kept)
            dict.update(kept, rows)
        self.forgotten = len(self.gateway.books.calls) - self._calls
        for topic, committed in zip(self.topics.values(), self._committed, strict=True):
            topic.committed = list(committed)
        if self._doubts:
            self._doubt()

    def _doubt(self) -> None:
        tables = self.database.tables
        tables.now = tables.clock()
        ends = [
            (topic.name, partition, len(log))
            for topic in self.topics.values()
            for partition, log in enumerate(topic.logs)
        ]
        bury(tables)
        doubt(tables, HUNG_SECONDS)
        topics, partitions, offsets = zip(*ends, strict=True)
        doubt_records(tables, topics, partitions, offsets, HUNG_SECONDS)
        tables.undo.clear()


def run_restored(
    seed: int, note: Callable[[str], None] | None = None, *, doubts: bool = True
) -> tuple[int, list[str]]:
    """Let one world live; give how many calls its ledger forgot, and what was done twice or left behind."""
    loop = VirtualLoop()
    with logging_to(note, loop.errors), simulated_clocks(loop):
        world = RestoredWorld(loop, seed, note, doubts=doubts)
        left_behind = [one for one in world.live().violations if one.startswith("I8")]
        evidence = evidence_of(world)
    findings = (check_single_effects(evidence), check_refunds(evidence), check_calls(evidence))
    broken = [f"{one.invariant} {each.where}: {each.sentence}" for one in findings for each in one.violations]
    # A refund whose effect is forgotten holds nothing until the gateway shows it, which refuses too much.
    broken = [one for one in broken if "was asked for more than" not in one]
    return world.forgotten, [*loop.errors, *broken, *left_behind]
