"""What goes wrong at the gateway and when: every fault of the sandbox at a low rate, and three bad quarters.

One fault is left out: after `cancel_forgotten` the gateway's own word is false, and no event that repeats it
can agree with the books (`tests/e2e/test_recovery.py` holds what becomes of such a trade).
"""

from dataclasses import dataclass, field
from typing import Any

SANDBOX: dict[str, object] = {
    "customer_pays_after_seconds": 1,
    "customer_spread": 0.5,
    "scan_expires_after_seconds": 20,  # so that a customer who does nothing is waited for to the end
    "order_expires_after_seconds": 60,
    "revocation_seconds": 0.5,
    "callback_interval_seconds": 1,
}
"""The sandbox's settings; a second call is a second effect there (`System.start_sandbox`)."""

LATE_SECONDS = 2.0
"""Below the 3 s for which Paybus does not believe that the gateway knows nothing: a later one would lie."""

_LATENCY = {"latency_ms": 50, "latency_spread": 0.5}
_RATES = {
    "decline": 0.02,
    "lost_answer": 0.01,
    "reset_after": 0.005,
    "reset_before": 0.005,
    "error_after": 0.005,
    "error_before": 0.005,
    "garbage": 0.003,
    "html": 0.003,
    "truncated": 0.003,
    "unknown_code": 0.003,
    "slow": 0.001,
    "hold": 0.0005,
    "queued": 0.002,
    "late_charge": 0.003,
    "query_lag": 0.005,
    "refund_late": 0.01,
    "refund_fails_late": 0.005,
    "callback_duplicate": 0.02,
    "callback_replayed": 0.01,
    "callback_forged": 0.01,
    "callback_late": 0.01,
    "callback_lost": 0.005,
    "callback_out_of_order": 0.01,
    "callback_wrong_amount": 0.002,
}
_OF_QUERIES = ("lost_answer", "reset_before", "error_after", "garbage", "html", "truncated", "unknown_code")
_RATE_OF_QUERIES = 0.005  # each: rules are tried in turn against one number, so they are added up
_BAD_DAY: dict[str, Any] = {
    **_LATENCY,
    "tail_rate": 0.01,
    "tail_ms": 1_500,
    "slow_ms": 4_000,
    "late_seconds": LATE_SECONDS,
    "rates": _RATES,
    "rules": [
        {"fault": fault, "operation": "query", "rate": _RATE_OF_QUERIES * (number + 1)}
        for number, fault in enumerate(_OF_QUERIES)
    ],
}

FAIR: dict[str, Any] = _LATENCY
"""Nothing goes wrong any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """Fault settings from a moment on (seconds from the beginning)."""

    name: str
    at_seconds: float
    faults: dict[str, Any]
    lasts_seconds: float = field(default=0.0)
    """How long it disturbs everybody."""


def forecast(seconds: float) -> list[Change]:
    """Give the changes of a soak of *seconds*: two outages and a ban at its quarters."""
    outage = min(10.0, seconds / 30)
    quarter = seconds / 4
    banned = min(30.0, seconds / 20)
    quota = {"most": 10, "window_seconds": banned / 3, "ban_seconds": banned / 6}
    return [
        Change("faults", 0.0, _BAD_DAY),
        Change("outage: 503", quarter, _with_outage(outage, reset=False), outage),
        Change("outage: reset", 2 * quarter, _with_outage(outage, reset=True), outage),
        Change("bans", 3 * quarter, {**_BAD_DAY, "error_quota": quota}, banned),
        Change("faults", 3 * quarter + banned, _BAD_DAY),
    ]


def _with_outage(seconds: float, *, reset: bool) -> dict[str, Any]:
    return {**_BAD_DAY, "outages": [{"after_seconds": 0, "for_seconds": seconds, "reset": reset}]}
