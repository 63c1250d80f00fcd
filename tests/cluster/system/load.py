"""A thousand commands through the pods; meanwhile one is killed, and all services are replaced."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
import os
import signal
import time

from tests.cluster.errors import ClusterError
from tests.cluster.release import NAME, Release
from tests.cluster.system.containers import Container, End, containers, last_end
from tests.cluster.system.names import DOMAIN, address_of
from tests.cluster.system.stores import Stores

from paybus.cli.embedded.merchant_files import MERCHANTS
from paybus.cli.reconciliation.report import Report, reconcile
from paybus.cli.traffic.drive import Moment, Where, drive
from paybus.cli.traffic.traffic import make_traffic

COMMANDS = 1_000
SEED = 1
PATIENCE_SECONDS = 180.0
"""Without anything new: a takeover, inquiries after 1, 2, 5 and 10 s, and a machine that others use, too."""

_KILL_AT = 50
"""Commands answered by then: everything runs at its pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """How long an upgrade took, and how many commands had been answered when it began and ended."""

    seconds: float
    began_at: int
    ended_at: int


@dataclass(slots=True)
class Disturbance:
    """Kills a pay and then replaces every service; `watch` is told how far the commands are."""

    release: Release
    upgrade: Callable[[], None]
    killed: Container | None = None
    open_when_killed: int = 0
    end: End | None = None
    _answered: int = 0
    _upgrade: "Future[Upgraded] | None" = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def watch(self, moment: Moment) -> bool:
        """Do what is due, and say whether services are still being replaced."""
        self._answered = moment.answered
        if self.killed is None:
            self._kill_if_busy(moment)
        elif self.end is None:
            self.end = last_end(self.release, self.killed.pod)
        elif self._upgrade is None:
            self._upgrade = self._thread.submit(self._timed_upgrade)
        return self.killed is not None and (self._upgrade is None or not self._upgrade.done())

    def upgraded(self) -> Upgraded:
        """Say how the upgrade went; raises what it raised, and ClusterError when there was none."""
        if self._upgrade is None:
            raise ClusterError("the commands were answered before the upgrade began")
        return self._upgrade.result()

    def _kill_if_busy(self, moment: Moment) -> None:
        self.open_when_killed = moment.stock.open_kinds.get("pay", 0)
        if moment.answered >= _KILL_AT and self.open_when_killed:
            self.killed = next(one for one in containers(self.release) if one.component == "pay")
            os.kill(self.killed.pid, signal.SIGKILL)

    def _timed_upgrade(self) -> Upgraded:
        begun, began_at = time.monotonic(), self._answered
        self.upgrade()
        return Upgraded(seconds=time.monotonic() - begun, began_at=began_at, ended_at=self._answered)


def pass_through(release: Release, stores: Stores, disturbance: Disturbance) -> Report:
    """Send the commands from the node, and compare what becomes of them with the gateway's books."""
    gateway = address_of(f"{NAME}-sandbox.{release.namespace}.svc.{DOMAIN}")
    where = Where(stores.database_url, stores.bootstrap, f"http://{gateway}:8080")
    traffic = make_traffic(SEED, COMMANDS, [merchant.merchant_id for merchant in MERCHANTS])
    evidence = asyncio.run(drive(traffic, where, patience_seconds=PATIENCE_SECONDS, watch=disturbance.watch))
    return reconcile(evidence)
