"""Who is struck is succeeded, and only who came to the end he was meant to counts as struck."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
import signal
from typing import Any

import pytest

from paybus.cli.errors import SystemStartError
from paybus.cli.proof import crash
from paybus.cli.proof.crash import Crash
from paybus.cli.proof.round import Manner, Round
from paybus.cli.traffic.drive import Moment
from paybus.cli.traffic.stock import Stock
from paybus.telemetry.seam import Seam


@dataclass
class Process:
    """A process as far as a crash looks at it."""

    settings: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    is_frozen: bool = False
    heard: list[signal.Signals] = field(default_factory=list)

    def check(self) -> None:
        """Complain when it has ended."""
        if self.exit_code is not None:
            raise SystemStartError(f"ended with code {self.exit_code}")

    def send(self, number: signal.Signals) -> None:
        """Take a signal: killed it is dead, and frozen it goes on when it may."""
        self.heard.append(number)
        if number is signal.SIGKILL and self.exit_code is None:
            self.exit_code = -number
        self.is_frozen = False

    def await_end(self, seconds: float) -> None:
        """End."""
        self.exit_code = -signal.SIGKILL if self.exit_code is None else self.exit_code


class System:
    """Processes by name; each that is started anew is another one."""

    def __init__(self) -> None:
        self.processes = {"pay": Process(), "refund": Process()}

    def child(self, name: str) -> Process:
        """Give the present one."""
        return self.processes[name]

    def restart(self, names: Collection[str], extra: Mapping[str, str]) -> None:
        """Start others."""
        self.processes.update({name: Process(extra) for name in names})

    def relieve(self, name: str) -> Process:
        """Start another one beside it."""
        before, self.processes[name] = self.processes[name], Process()
        return before


def moment(**open_kinds: int) -> Moment:
    """Give a look at the run."""
    stock = Stock(effects=0, unread=0, open={}, open_kinds=open_kinds, outbox=0, waiting=0, unheard=0)
    return Moment(planned=1, sent=1, answered=0, stock=stock)


def crashing(manner: Manner, *victims: str) -> tuple[Crash, System]:
    """Give an armed crash and its system."""
    system: Any = System()
    one = Round(number=1, manner=manner, victims=victims, seam=Seam.REQUEST_SENT, count=3)
    struck = Crash(system, one)
    struck.arm()
    return struck, system


def test_who_dies_at_his_seam_is_succeeded_by_a_healthy_one() -> None:
    """The victim is armed; when it is dead another one runs without a seam, and nothing is waited for."""
    struck, system = crashing(Manner.SEAM, "pay")
    assert system.child("pay").settings == {"PAYBUS_SEAM": "request_sent:3:kill"}
    assert not struck.watch(moment())
    assert struck.survivors == {"pay"}
    system.child("pay").exit_code = -signal.SIGKILL
    assert not struck.watch(moment())
    assert (struck.survivors, system.child("pay").settings) == (frozenset(), {})
    assert struck.last_death is not None


@pytest.mark.parametrize("struck_before", [False, True])
def test_who_ends_otherwise_was_not_struck(struck_before: bool) -> None:
    """A service that falls by itself, armed or as a successor, ends the proof: it is no crash at a seam."""
    struck, system = crashing(Manner.SEAM, "pay")
    if struck_before:
        system.child("pay").exit_code = -signal.SIGKILL
        struck.watch(moment())
    system.child("pay").exit_code = 1
    with pytest.raises(SystemStartError):
        struck.watch(moment())


def test_who_was_not_struck_is_started_anew_without_its_seam() -> None:
    """A victim that never reached its seam must not be killed by it in the next round."""
    struck, system = crashing(Manner.SEAM, "pay", "refund")
    system.child("pay").exit_code = -signal.SIGKILL
    struck.watch(moment())
    before = system.child("refund")
    struck.disarm()
    assert struck.survivors == {"refund"}
    assert (before.exit_code, system.child("refund").settings) == (-signal.SIGKILL, {})


def test_the_gateway_is_given_time_before_a_frozen_one_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen while its call is under way, it dies when that is carried out; the run waits for both."""
    now = [0.0]
    monkeypatch.setattr(crash, "monotonic", lambda: now[0])
    struck, system = crashing(Manner.UNREAD, "pay")
    frozen = system.child("pay")
    frozen.is_frozen = True
    assert struck.watch(moment())
    assert frozen.heard == []
    now[0] += crash.CARRIED_OUT_SECONDS
    assert not struck.watch(moment())
    assert frozen.heard == [signal.SIGKILL]
    assert struck.survivors == frozenset()


def test_a_frozen_one_wakes_when_others_have_done_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one takes over beside it; when nothing of its kind is open it goes on, and must end itself."""
    now = [0.0]
    monkeypatch.setattr(crash, "monotonic", lambda: now[0])
    struck, system = crashing(Manner.FROZEN, "pay")
    frozen = system.child("pay")
    frozen.is_frozen = True
    assert struck.watch(moment(pay=9))
    assert system.child("pay") is not frozen
    assert struck.watch(moment())
    now[0] += crash.JOINED_SECONDS
    assert struck.watch(moment(pay=1))
    assert frozen.heard == []
    assert struck.watch(moment(refund=4))
    assert frozen.heard == [signal.SIGCONT]
    frozen.exit_code = 1
    assert not struck.watch(moment())
    assert struck.survivors == frozenset()


def test_one_whom_the_broker_refuses_beside_the_frozen_is_started_again() -> None:
    """The embedded broker has room for one member a group: that is no failure of what is proved."""
    struck, system = crashing(Manner.FROZEN, "pay")
    system.child("pay").is_frozen = True
    struck.watch(moment(pay=9))
    refused = system.child("pay")
    refused.exit_code = 1
    assert struck.watch(moment(pay=9))
    assert system.child("pay") is not refused
    assert system.child("pay").exit_code is None


def test_one_that_wakes_and_does_not_end_has_no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds it is killed, and counts as one for whom nothing was proved."""
    now = [0.0]
    monkeypatch.setattr(crash, "monotonic", lambda: now[0])
    struck, system = crashing(Manner.FROZEN, "pay")
    frozen = system.child("pay")
    frozen.is_frozen = True
    struck.watch(moment(pay=1))
    now[0] += crash.JOINED_SECONDS
    assert struck.watch(moment())
    now[0] += crash.FENCED_SECONDS
    assert not struck.watch(moment())
    assert frozen.heard == [signal.SIGCONT, signal.SIGKILL]
    struck.disarm()
    assert struck.survivors == {"pay"}
    assert system.child("pay").exit_code is None
