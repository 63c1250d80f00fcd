"""What the embedded system of a proof is told, and what goes wrong at its gateway beside the crashes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from paybus.cli.embedded.conditions import Conditions

_TIMES: Final = {"latency_ms": 200, "query_latency_ms": 100}
USUAL: Final[Mapping[str, Any]] = MappingProxyType({**_TIMES, "rates": {"lost_answer": 0.3}})
"""The gateway takes its time, and loses an answer now and then."""

SILENT: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **_TIMES,
        "rates": {"callback_lost": 1.0},
        "rules": [{"fault": "lost_answer", "operation": name} for name in ("pay", "refund", "cancel")],
    }
)
"""Every first answer is lost, and every callback: there is nothing but to ask."""

_PACE: Final = {
    "PAYBUS_HEARTBEAT_SECONDS": "0.5",
    "PAYBUS_FENCE_SECONDS": "1.5",
    "PAYBUS_LEASE_SECONDS": "2.5",
    "PAYBUS_QUERY_LAG_SECONDS": "0.5",
    "PAYBUS_WATCH_FIRST_SECONDS": "3",
    "PAYBUS_GATEWAY_CONNECT_SECONDS": "0.5",
    "PAYBUS_GATEWAY_OTHER_SECONDS": "3",
}


def conditions(*, duplicate_detection: bool) -> Conditions:
    """Let customers pay soon, and a second call be a second effect unless duplicates are detected."""
    return Conditions(
        sandbox={
            "DUPLICATE_DETECTION": str(duplicate_detection).lower(),
            "CUSTOMER_PAYS_AFTER_SECONDS": "0.5",
            "CALLBACK_INTERVAL_SECONDS": "1",
        },
        faults=USUAL,
        services=_PACE,
    )
