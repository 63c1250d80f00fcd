"""The services of a soak: each runs twice, and the second is killed now and then and comes back."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.bench.accounting import cpu_seconds
from tests.e2e.system import System
from tests.process import ProcessEndedError
from tests.soak.memory import Sample, rss_mb

from paybus.cli.embedded.merchant_files import MERCHANTS, MerchantFiles

MERCHANT_IDS = tuple(merchant.merchant_id for merchant in MERCHANTS)
TWICE = ("notifier", "pay", "refund", "cancel", "reconciler")
ONCE = ("exporter",)


class Crew:
    """Starts everything on *system*, whose merchants are in *merchants*; kills, and reads what it costs.

    The first of two is never killed, so that its memory has a course. The gateway calls one merchant back at
    the second notifier: what it tells while that is dead must come again.
    """

    def __init__(self, system: System, merchants: Path, chance: Random) -> None:
        self._system = system
        self._merchants = MerchantFiles.make_up(merchants)
        self._chance = chance
        self._ports: dict[str, int] = {}
        self._spent: defaultdict[str, float] = defaultdict(float)  # by service: what its dead had used
        self.killed: list[str] = []
        self.fallen: list[str] = []
        self.samples: defaultdict[str, list[Sample]] = defaultdict(list)
        """The memory of those that live all the time, the sandbox among them."""

    def start(self) -> None:
        """Return when everybody listens."""
        system = self._system
        for name in TWICE[:1]:
            system.start(name)
            system.start(_second(name), name)
        self._ports = {name: system.port(name) for name in ("notifier", _second("notifier"))}
        gateway = system.address("sandbox")
        self._merchants.write(MERCHANTS[:-1], gateway=gateway, notifier=system.address("notifier"))
        self._merchants.write(MERCHANTS[-1:], gateway=gateway, notifier=system.address(_second("notifier")))
        for name in (*TWICE[1:], *ONCE):
            system.start(name)
        for name in TWICE[1:]:
            system.start(_second(name), name)
        for name, _service in self._all():
            system.port(name)

    def kill_one(self) -> str:
        """Kill one of the second services with -9 and start it again at once; gives its name."""
        service = self._chance.choice(TWICE)
        name = _second(service)
        self._spent[service] += cpu_seconds(self._system.process(name).pid)
        self._system.kill(name)
        self.killed.append(service)
        self._restart(name, service)
        return name

    def look_after(self) -> list[str]:
        """Start again who has ended by itself, as Kubernetes would; gives their names.

        A worker that could not beat for longer than its lease ends: on a machine without time for it that is
        no defect, but it is told.
        """
        fallen = []
        for name, service in self._all():
            try:
                self._system.process(name).check()
            except ProcessEndedError:
                self._system.forget(name)
                self.samples.pop(name, None)
                self._restart(name, service)
                fallen.append(name)
        self.fallen += fallen
        return fallen

    def _restart(self, name: str, service: str) -> None:
        port = {"http_port": self._ports[name]} if name in self._ports else {}
        self._system.start(name, service, **port)

    def sample(self, at_seconds: float) -> None:
        """Note how much memory each process holds that is never killed."""
        for name in (*TWICE, *ONCE, "sandbox"):
            self.samples[name].append(Sample(at_seconds, rss_mb(self._system.process(name).pid)))

    def cpu_seconds(self) -> dict[str, float]:
        """Give the processor time of each service, both of its processes and those that died together."""
        used = dict(self._spent)
        for name, service in self._all():
            used[service] = used.get(service, 0.0) + cpu_seconds(self._system.process(name).pid)
        return used

    def _all(self) -> Iterator[tuple[str, str]]:
        yield from ((name, name) for name in (*TWICE, *ONCE, "sandbox"))
        yield from ((_second(name), name) for name in TWICE)


def _second(service: str) -> str:
    return f"{service}-2"
