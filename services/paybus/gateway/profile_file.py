"""The profile as its file is now: what was changed counts without a restart.

Once a second at most it is read again: it is small. What cannot be used changes nothing, and is told once.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
import time
from typing import Final, Protocol

from paybus.gateway.errors import ProfileFileError
from paybus.gateway.profile import Profile, load_profile

CHECK_SECONDS: Final = 1.0
"""Within which a change is noticed: as with the merchants' files."""


class Listener(Protocol):
    """Is told what happened to the file after it was first read."""

    def profile_loaded(self) -> None:
        """Hear that another profile counts now."""

    def profile_refused(self, problems: Sequence[str]) -> None:
        """Hear, once, what is wrong with the file; the profile stays as it was."""


class ProfileFile:
    """A profile that did not change stays the same object. Raises ProfileFileError for a file of no use."""

    def __init__(self, path: Path, listener: Listener, *, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._listener = listener
        self._now = now
        self._profile = load_profile(path)
        self._refused: tuple[str, ...] = ()
        self._check_at = now() + CHECK_SECONDS

    def __call__(self) -> Profile:
        """Give the profile that counts."""
        if self._now() >= self._check_at:
            self._check()
            self._check_at = self._now() + CHECK_SECONDS
        return self._profile

    def _check(self) -> None:
        try:
            profile = load_profile(self._path)
        except ProfileFileError as error:
            if error.problems != self._refused:
                self._listener.profile_refused(error.problems)
            self._refused = error.problems
            return
        self._refused = ()
        if profile != self._profile:
            self._profile = profile
            self._listener.profile_loaded()
