"""The gateway's callbacks, and the discrepancies among the events that go out."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from paybus.telemetry.metrics.family import OTHER, Family
from paybus.trades.outcome import Source

CALLBACK_VERDICTS = (
    "applied",
    "stale",
    "duplicate",
    "recorded",
    "unmatched",
    "discrepancy",
    "refused",
    "unavailable",
)
"""`recorded` tells what only an inquiry can prove, `refused` is not believed, `unavailable` could not be
stored and will be sent again."""

COMPARISON = "comparison"
"""The source of a discrepancy that the comparison of a day found (docs/reconciliation.md)."""

# The gateway waits 5 s for our answer, then sends its callback again.
_CALLBACK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class CallbackMetrics:
    """The gateway's callbacks (notifier)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        callbacks = Counter(
            "paybus_callbacks", "Callbacks by what we made of them.", ["verdict"], registry=registry
        )
        self.callbacks = Family(callbacks, CALLBACK_VERDICTS)
        self.duration = Histogram(
            "paybus_callback_duration_seconds",
            "From the begin of a callback to our answer; the gateway waits 5 s for it.",
            buckets=_CALLBACK_SECONDS,
            registry=registry,
        )


class DiscrepancyMetrics:
    """Trades of which the gateway says what cannot be true together with the ledger (notifier)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        discrepancies = Counter(
            "paybus_discrepancies",
            "Events trade.discrepancy that were published, by where the news came from.",
            ["source"],
            registry=registry,
        )
        self.discrepancies = Family(discrepancies, (*Source, COMPARISON, OTHER))
