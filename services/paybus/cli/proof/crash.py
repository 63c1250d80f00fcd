"""The crash of a round: victims are armed or frozen, die, and are succeeded by healthy processes."""

import signal
from time import monotonic

from paybus.cli.embedded.child import Child
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.proof.round import Manner, Round
from paybus.cli.traffic.drive import Moment

_HEALTHY: dict[str, str] = {}


class Crash:
    """Kills and succeeds the victims of *one* round; `watch` is called several times a second meanwhile."""

    def __init__(self, system: EmbeddedSystem, one: Round) -> None:
        self._system = system
        self._round = one
        self._alive = set(one.victims)
        self._frozen = False
        self.last_death: float | None = None

    @property
    def survivors(self) -> frozenset[str]:
        """The victims that never came to their end: for them nothing was proved."""
        return frozenset(self._alive)

    def arm(self) -> None:
        """Start the victims anew, each with its seam armed."""
        if self._round.manner is not Manner.SEAM:
            return
        assert self._round.seam is not None
        for name in self._round.victims:
            self._system.restart(name, {"PAYBUS_SEAM": f"{self._round.seam}:{self._round.count}"})

    def disarm(self) -> None:
        """Start the survivors anew, so that the next round is not killed by this one's seam."""
        for name in self._alive:
            self._system.restart(name, _HEALTHY)

    def watch(self, moment: Moment) -> None:
        """Look for the dead and succeed them; freeze and kill where the round asks for that."""
        if self._round.manner is Manner.UNREAD and self._alive:
            self._freeze_or_kill(moment)
        for name in [name for name in self._alive if self._child(name).has_ended]:
            self._alive.discard(name)
            self.last_death = monotonic()
            self._system.restart(name, _HEALTHY)

    def _freeze_or_kill(self, moment: Moment) -> None:
        """Freeze when calls are under way; one look later the gateway has done what they asked: kill."""
        if self._frozen:
            self._all(signal.SIGKILL)
            for name in self._alive:
                self._child(name).await_end(1.0)
        elif moment.stock.open.get("ready"):
            self._all(signal.SIGSTOP)
            self._frozen = True

    def _all(self, number: signal.Signals) -> None:
        for name in self._alive:
            self._child(name).send(number)

    def _child(self, name: str) -> Child:
        return self._system.child(name)
