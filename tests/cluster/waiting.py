"""Waiting for a condition, never for a time."""

from collections.abc import Callable, Sequence
import time
from typing import TypeVar

from tests.cluster.errors import ClusterError
from tests.cluster.program import Daemon

LOOK_SECONDS = 0.1

Found = TypeVar("Found")


def wait_for(
    what: str, look: Callable[[], Found | None], *, seconds: float, need: Sequence[Daemon] = ()
) -> Found:
    """Give what *look* finds, as soon as it is neither None, False nor empty.

    A ClusterError of *look* means: not yet. Raises ClusterError after *seconds*, with the last reason, and
    as soon as one of *need* has ended.
    """
    deadline, reason = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        for daemon in need:
            daemon.check()
        try:
            if found := look():
                return found
        except ClusterError as error:
            reason = f": {error}"
        time.sleep(LOOK_SECONDS)
    raise ClusterError(f"{what}: not within {seconds:g} s{reason}")
