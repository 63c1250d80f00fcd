"""What one merchant may ask of the gateway: so many calls a second, and so many errors a minute.

The gateway bans who exceeds what it allows, so we stay below it. Both are counted in this process alone.
"""

from collections import deque
from collections.abc import Callable
import math
from typing import Final

from paybus.gateway.merchant import Merchant

WINDOW_SECONDS: Final = 60.0
"""An error counts for a minute: that is how `errors_per_minute` is meant."""

_A_MOMENT_SECONDS: Final = 1.0  # until one of the calls under way has told how it ends


class Allowance:
    """One merchant's; his limits are given anew each time, for his file may change."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next_at = -math.inf  # when a call would be due if all came evenly
        self._errors: deque[float] = deque()
        self._charges = 0  # under way
        self._in_trouble = False  # the last answer was an error

    def reserve(self, merchant: Merchant, *, within_seconds: float = math.inf) -> float | None:
        """Give how long to wait for a call of one's own; None (and nothing reserved) if that is too long."""
        if merchant.calls_per_second is None:
            return 0.0
        now, apart_seconds = self._clock(), 1 / merchant.calls_per_second
        burst = merchant.burst or math.ceil(merchant.calls_per_second)
        due_at = max(self._next_at, now)
        wait_seconds = max(0.0, due_at - (burst - 1) * apart_seconds - now)
        if wait_seconds > within_seconds:
            return None
        self._next_at = due_at + apart_seconds
        return wait_seconds

    def rest_seconds(self, merchant: Merchant) -> float:
        """Say how long charges must wait for errors to be forgotten; 0 if one may go now.

        In trouble, or with half of the quota gone, no more go at once than errors are left.
        """
        most = merchant.errors_per_minute
        if most is None:
            return 0.0
        errors = self._recent()
        if errors >= most:
            return self._errors[errors - most] + WINDOW_SECONDS - self._clock()
        careful = self._in_trouble or 2 * errors >= most
        return _A_MOMENT_SECONDS if careful and self._charges >= most - errors else 0.0

    def is_paused(self, merchant: Merchant) -> bool:
        """Whether the quota is used up."""
        return merchant.errors_per_minute is not None and self._recent() >= merchant.errors_per_minute

    def begin_charge(self) -> None:
        """Count a charge that goes out now."""
        self._charges += 1

    def end_charge(self) -> None:
        """Count it back, whatever came of it."""
        self._charges -= 1

    def answered(self, *, error: bool) -> None:
        """Note an answer: any return code but SUCCESS is an error for the gateway."""
        self._in_trouble = error
        if error:
            self._errors.append(self._clock())
            self._recent()

    def _recent(self) -> int:
        since = self._clock() - WINDOW_SECONDS
        while self._errors and self._errors[0] <= since:
            self._errors.popleft()
        return len(self._errors)
