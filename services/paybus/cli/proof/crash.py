"""The crash of a round: victims are struck at their seam, and succeeded by healthy processes."""

import signal
from time import monotonic
from typing import Final

from paybus.cli.embedded.child import Child
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.proof.round import Manner, Round
from paybus.cli.traffic.drive import Moment

CARRIED_OUT_SECONDS: Final = 1.0
"""After a victim froze, the gateway has done what its call asked for: that takes 0.2 s."""

JOINED_SECONDS: Final = 12.0
"""After a worker froze, another has its partitions: the broker gives them away after 6 s and some 3 more."""

FENCED_SECONDS: Final = 10.0
"""How long who was frozen for longer than its lease may take to learn that it is dead, and to end."""

_KILLED: Final = -signal.SIGKILL
_FAILED: Final = 1  # what a service ends with when a part of it has failed, as one does that is fenced
_HEALTHY: dict[str, str] = {}


class Crash:
    """Strikes and succeeds the victims of *one* round; `watch` is called several times a second meanwhile."""

    def __init__(self, system: EmbeddedSystem, one: Round) -> None:
        self._system = system
        self._round = one
        self._left = set(one.victims)
        self._frozen_at: dict[str, float] = {}
        self._relieved: dict[str, Child] = {}
        self._woken_at: dict[str, float] = {}
        self.last_death: float | None = None

    @property
    def survivors(self) -> frozenset[str]:
        """The victims that did not come to the end they were meant to: for them nothing was proved."""
        return frozenset(self._left)

    def arm(self) -> None:
        """Start the victims anew, each with its seam armed."""
        self._system.restart(self._round.victims, self._round.arming)

    def disarm(self) -> None:
        """Start the survivors anew, so that the next round is not struck by this one's seam."""
        for child in self._relieved.values():
            child.await_end(0.0)
        armed = self._left - self._relieved.keys()
        for name in armed:
            self._child(name).send(signal.SIGKILL)
        self._system.restart(armed, _HEALTHY)

    def watch(self, moment: Moment) -> bool:
        """Look after each victim; say whether one is in the middle of its end.

        Raises SystemStartError when a process ends that should not.
        """
        for name in self._round.victims:
            if name in self._relieved and self._child(name).exit_code == _FAILED:
                # The embedded broker has room for one member a group, and may refuse the other of the two.
                self._system.restart([name], _HEALTHY)
            elif name in self._left:
                self._look_after(name, moment)
            else:
                self._child(name).check()
        return any(self._is_ending(name) for name in self._left)

    def _look_after(self, name: str, moment: Moment) -> None:
        match self._round.manner:
            case Manner.SEAM:
                self._succeed_if_killed(name)
            case Manner.UNREAD:
                if self._is_frozen_for(name, CARRIED_OUT_SECONDS):
                    self._child(name).send(signal.SIGKILL)
                    self._child(name).await_end(1.0)
                self._succeed_if_killed(name)
            case Manner.FROZEN:
                self._relieve_and_wake(name, moment)

    def _succeed_if_killed(self, name: str) -> None:
        child = self._child(name)
        if child.exit_code == _KILLED:
            self._end(name)
            self._system.restart([name], _HEALTHY)
        else:
            child.check()

    def _is_frozen_for(self, name: str, seconds: float) -> bool:
        if name not in self._frozen_at and self._child(name).is_frozen:
            self._frozen_at[name] = monotonic()
        return name in self._frozen_at and monotonic() - self._frozen_at[name] >= seconds

    def _relieve_and_wake(self, name: str, moment: Moment) -> None:
        """Start another one beside the frozen; wake that when nothing of its kind is open any more."""
        if name not in self._relieved:
            if self._is_frozen_for(name, 0.0):
                self._relieved[name] = self._system.relieve(name)
        elif name in self._woken_at:
            self._await_fence(name)
        elif not moment.stock.open_kinds.get(name) and self._is_frozen_for(name, JOINED_SECONDS):
            self._relieved[name].send(signal.SIGCONT)
            self._woken_at[name] = monotonic()

    def _await_fence(self, name: str) -> None:
        if self._relieved[name].exit_code == _FAILED:
            self._end(name)
        elif not self._is_ending(name):
            self._relieved[name].send(signal.SIGKILL)

    def _is_ending(self, name: str) -> bool:
        woken_at = self._woken_at.get(name, monotonic())
        return name in self._frozen_at and monotonic() - woken_at < FENCED_SECONDS

    def _end(self, name: str) -> None:
        self._left.discard(name)
        self.last_death = monotonic()

    def _child(self, name: str) -> Child:
        return self._system.child(name)
