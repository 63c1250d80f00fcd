"""What is said of the gateway's profile when its file changes while a service runs."""

from collections.abc import Sequence

import structlog

_log = structlog.get_logger(__name__)


class ProfileNews:
    """Writes into the log what became of a changed file."""

    def profile_loaded(self) -> None:
        """Say that another profile counts now."""
        _log.info("profile.loaded")

    def profile_refused(self, problems: Sequence[str]) -> None:
        """Say what is wrong with the file; the profile stays as it was."""
        _log.error("profile.file_refused", problems=list(problems))
