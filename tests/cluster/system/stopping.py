"""How services end when they are told to."""

import os
import signal
import time

from tests.cluster.release import Release
from tests.cluster.system.containers import RESTART_SECONDS, Container, End, containers, last_end
from tests.cluster.waiting import wait_for

_END_SECONDS = 30.0  # the grace of the installation, and what a service may take on top of it


def stop_each_service(release: Release) -> str:
    """Send SIGTERM to one process of each service, as a kubelet would; say how long each took to end.

    Raises AssertionError for one that does not end with code 0.
    """
    chosen = {one.component: one for one in containers(release) if one.component != "sandbox"}
    return ", ".join(f"{name} {_stop(release, one):.1f} s" for name, one in sorted(chosen.items()))


def _stop(release: Release, container: Container) -> float:
    begun = time.monotonic()
    os.kill(container.pid, signal.SIGTERM)
    wait_for(f"the end of {container.pod}", lambda: not container.runs, seconds=_END_SECONDS)
    seconds = time.monotonic() - begun
    restart = f"the restart of {container.pod}"
    end = wait_for(restart, lambda: _ready_again(release, container.pod), seconds=RESTART_SECONDS)
    assert end.code == 0, f"{container.pod} ended with {end.code}"
    return seconds


def _ready_again(release: Release, pod: str) -> End | None:
    end = last_end(release, pod)
    return end if end is not None and end.ready else None
