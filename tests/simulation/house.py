"""Processes in their places: each lives, is killed, frozen or asked to stop, and is started again."""

from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.broker import SESSION_SECONDS, Topic
from tests.simulation.loop import PROCESS, Process, VirtualLoop

from paybus.ledger.memory.pool import MemoryPool

if TYPE_CHECKING:
    import asyncio


@dataclass
class Place:
    """Where one process lives at a time; *make* builds its service on a pool of its own."""

    name: str
    make: Callable[[MemoryPool], Any]
    process: Process = field(init=False)
    context: Context = field(init=False)
    pool: MemoryPool = field(init=False)
    service: Any = None
    lives: int = 0


class House:
    """Keeps every place occupied."""

    def __init__(
        self,
        loop: VirtualLoop,
        make_pool: Callable[[], MemoryPool],
        topics: Callable[[], list[Topic]],
        note: Callable[[str], None],
    ) -> None:
        self.places: list[Place] = []
        self._loop = loop
        self._make_pool = make_pool
        self._topics = topics
        self._note = note

    def add(self, name: str, make: Callable[[MemoryPool], Any]) -> Place:
        """Give a place to a new process."""
        place = Place(name, make)
        self.places.append(place)
        self._start(place)
        return place

    def kill(self, place: Place, *, after_steps: int) -> None:
        """Let its process end between two awaits, without another word; another one follows."""
        place.process.die(after_steps=after_steps)

    def freeze(self, place: Place, seconds: float) -> None:
        """Let its process stand still for so long."""
        process = place.process
        if process.dead or process.frozen:
            return
        process.freeze()
        place.pool.lose()  # a server does not wait for those who keep rows locked
        self._note(f"{process.name} freezes for {seconds} s")
        self._loop.call_later(SESSION_SECONDS, self._throw_out, process)
        self._loop.call_later(seconds, self.thaw, process)

    def thaw(self, process: Process) -> None:
        """Let it go on."""
        if process.frozen:
            self._note(f"{process.name} goes on")
            self._loop.thaw(process)

    def stop(self, place: Place) -> None:
        """Ask its process to stop in order, if it can be asked."""
        stopping = getattr(place.service, "stopping", None)
        if stopping is not None:
            self._note(f"{place.process.name} is asked to stop")
            stopping.set()

    def _start(self, place: Place) -> None:
        place.lives += 1
        process = Process(f"{place.name}.{place.lives}")
        place.process, place.pool = process, self._make_pool()
        place.service = None
        place.context = copy_context()
        place.context.run(PROCESS.set, process)
        process.on_death = lambda: self._die(place, process)
        self._note(f"{process.name} starts")
        place.service = place.context.run(place.make, place.pool)
        task = self._loop.create_task(place.service.run(), context=place.context)
        task.add_done_callback(lambda task: self._end(place, process, task))

    def _die(self, place: Place, process: Process) -> None:
        self._note(f"{process.name} is killed")
        place.pool.lose()
        self._loop.call_later(SESSION_SECONDS, self._throw_out, process)
        self._loop.call_later(1.5, self._start, place)

    def _end(self, place: Place, process: Process, task: "asyncio.Task[Any]") -> None:
        """Follow one that ended by itself; whatever of it still runs ends with it."""
        self._note(f"{process.name} ended")
        if error := task.exception():
            self._loop.errors.append(f"{process.name} ended with {error!r}")
        process.dead = True
        place.pool.lose()
        self._loop.call_later(1.5, self._start, place)

    def _throw_out(self, process: Process) -> None:
        if process.dead or process.frozen:
            for topic in self._topics():
                for member in list(topic.members):
                    if member.process is process:
                        topic.leave(member)
