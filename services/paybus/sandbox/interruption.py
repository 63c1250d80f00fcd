"""When the gateway serves nobody, or one merchant not: outages and the ban for too many errors."""

from collections import defaultdict, deque
from collections.abc import Callable

from paybus.sandbox.errors import RefusalError, SpoiltError
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings


class Interruptions:
    """Outages and bans under one set of fault settings, which begin when this is made."""

    def __init__(self, settings: FaultSettings, now: Callable[[], float]) -> None:
        self._now = now
        self._quota = settings.error_quota
        begun = now()
        self._outages = [
            (begun + outage.after_seconds, begun + outage.after_seconds + outage.for_seconds, outage.reset)
            for outage in settings.outages
        ]
        self._errors: defaultdict[str, deque[float]] = defaultdict(deque)
        self._banned_until: dict[str, float] = {}

    def check(self, merchant_id: str) -> None:
        """Raise SpoiltError in an outage, RefusalError under a ban."""
        if not self._outages and not self._banned_until:
            return
        now = self._now()
        for begin, end, reset in self._outages:
            if begin <= now < end:
                raise SpoiltError(Fault.RESET_BEFORE if reset else Fault.ERROR_BEFORE)
        if now < self._banned_until.get(merchant_id, now):
            raise RefusalError("SERVICE_UNAVAILABLE", "too many errors: this merchant is banned for a while")

    def note(self, merchant_id: str, code: str) -> None:
        """Count an answer; one error too many begins a ban."""
        if self._quota is None or code == "SUCCESS":
            return
        now, errors = self._now(), self._errors[merchant_id]
        if now < self._banned_until.get(merchant_id, now):
            return  # a ban ends although its victim goes on asking
        errors.append(now)
        while errors[0] <= now - self._quota.window_seconds:
            errors.popleft()
        if len(errors) > self._quota.most:
            errors.clear()
            self._banned_until[merchant_id] = now + self._quota.ban_seconds
