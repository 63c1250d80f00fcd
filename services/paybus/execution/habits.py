"""What is known of the gateway while we speak with it, and what it says that nobody has judged yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
import time
from typing import Final

import structlog

from paybus.gateway.profile import Profile
from paybus.trades.return_code import Table

AGAIN_SECONDS: Final = 60.0
"""Between two lines about the same code: often enough to be seen, too seldom to fill a disk."""

MOST_CODES: Final = 100
"""Codes that are told apart; of a gateway that makes up more, the rest is told of as one."""

_LONGEST: Final = 64  # characters of a code in the log
_log = structlog.get_logger(__name__)


def _nothing() -> None: ...


@dataclass(slots=True)
class Habits:
    """The profile that counts now. A code that is not in it is counted, and told once a minute."""

    profile: Callable[[], Profile] = Profile
    count_unlisted: Callable[[], None] = _nothing
    clock: Callable[[], float] = time.monotonic
    _again_at: dict[str, float] = field(default_factory=dict)

    @property
    def return_codes(self) -> Table:
        """What the gateway's return codes mean."""
        return self.profile().return_codes

    def lag_seconds(self, otherwise: float) -> float:
        """Say how long the gateway may not show what reached it: *otherwise* where the profile is silent."""
        lag_seconds = self.profile().query_lag_seconds
        return otherwise if lag_seconds is None else lag_seconds

    def met_unlisted(self, code: str, operation: str) -> None:
        """Hear of a *code* nobody has judged, in the reply to an *operation* of the gateway."""
        self.count_unlisted()
        slot = code if code in self._again_at or len(self._again_at) < MOST_CODES else ""
        now = self.clock()
        if now >= self._again_at.get(slot, now):
            self._again_at[slot] = now + AGAIN_SECONDS
            _log.error("return_code.unlisted", return_code=code[:_LONGEST], operation=operation)
