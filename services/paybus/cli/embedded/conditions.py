"""What the sandbox and the services are told: on a bad day for a run, on a good one for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Settings of the sandbox (without their prefix), its faults, settings of the services.

    All of them are told in docs/sandbox.md, or by a service that is given a wrong one.
    """

    sandbox: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Any] | None = None
    services: Mapping[str, str] = field(default_factory=dict)


_FAULTS: Final = {
    "latency_ms": 30,
    "latency_spread": 0.5,
    "rates": {
        "decline": 0.03,
        "lost_answer": 0.03,
        "error_after": 0.005,
        "garbage": 0.005,
        "unknown_code": 0.005,
        "reset_before": 0.01,
        "error_before": 0.005,
        "callback_duplicate": 0.05,
        "callback_replayed": 0.01,
        "callback_forged": 0.02,
        "callback_out_of_order": 0.02,
        "callback_lost": 0.01,
    },
}


def bad_day(seed: int) -> Conditions:
    """Let everything go wrong that a gateway can do wrong, and a second call be a second effect."""
    return Conditions(
        sandbox={
            "SEED": str(seed),
            "DUPLICATE_DETECTION": "false",
            "CUSTOMER_PAYS_AFTER_SECONDS": "1",
            "CUSTOMER_SPREAD": "0.5",
            "REVOCATION_SECONDS": "0.5",
            "CALLBACK_INTERVAL_SECONDS": "1",
        },
        faults=_FAULTS,
        services={
            "PAYBUS_QUERY_LAG_SECONDS": "1",  # the sandbox shows at once what it did
            "PAYBUS_WATCH_FIRST_SECONDS": "3",  # customers have paid by then, or never will
        },
    )


def good_day(customer_pays_after_seconds: float | None) -> Conditions:
    """Let the gateway do what it is asked for.

    Without seconds, customers wait until somebody plays them on the sandbox's page.
    """
    settings = {"LATENCY_MS": "50", "LATENCY_SPREAD": "0.3"}
    if customer_pays_after_seconds is not None:
        settings["CUSTOMER_PAYS_AFTER_SECONDS"] = str(customer_pays_after_seconds)
    return Conditions(sandbox=settings)
