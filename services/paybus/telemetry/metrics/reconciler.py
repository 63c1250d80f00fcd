"""Trades that wait for somebody, days compared, and the ledger held against its own rules."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from paybus.telemetry.metrics.family import Family
from paybus.trades.outcome import Verdict
from paybus.trades.watch import Watch

RECONCILIATION_BREAKS = ("missing_here", "missing_there", "amount_differs", "state_differs")
"""How a trade differs from the gateway's list of its day."""
COHERENCE_CHECKS = (
    "answer_missing",
    "event_missing",
    "event_ahead",
    "outbox_stuck",
    "operation_forgotten",
    "watch_forgotten",
    "reserved_without_refund",
    "cancelling_without_cancel",
    "pay_open_on_ended_trade",
    "callback_left_behind",
)
"""The rules that the ledger is held against (docs/reconciliation.md)."""


class WatchMetrics:
    """Trades that are asked about because nobody else does (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        watched = Gauge(
            "paybus_watched_trades", "Trades under watch, by why they are.", ["reason"], registry=registry
        )
        inquiries = Counter(
            "paybus_watch_inquiries",
            "Inquiries about watched trades by what the answer was worth.",
            ["verdict"],
            registry=registry,
        )
        self.watched = Family(watched, Watch)
        self.inquiries = Family(inquiries, Verdict)


class ReconciliationMetrics:
    """Days compared with the gateway's own list (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        breaks = Counter(
            "paybus_reconciliation_breaks",
            "Trades that differ from the gateway's list.",
            ["break"],
            registry=registry,
        )
        trades = Counter(
            "paybus_reconciliation_trades",
            "Trades compared that do not differ; open ones are still being asked about.",
            ["result"],
            registry=registry,
        )
        self._finished = Gauge(
            "paybus_reconciliation_timestamp_seconds",
            "Unix time at which a day was last compared to its end.",
            registry=registry,
        )
        self.breaks = Family(breaks, RECONCILIATION_BREAKS)
        self._trades = Family(trades, ("matched", "open"))

    def count(self, *, matched: int, still_open: int) -> None:
        """Count what does not differ in a day that was compared just now."""
        self._trades.of("matched").inc(matched)
        self._trades.of("open").inc(still_open)
        self._finished.set_to_current_time()


class CoherenceMetrics:
    """Whether the ledger agrees with itself (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        violations = Gauge(
            "paybus_coherence_violations",
            "What breaks a rule of the ledger now, by rule; 0 when all is well.",
            ["check"],
            registry=registry,
        )
        self.violations = Family(violations, COHERENCE_CHECKS)
        self.looked_timestamp_seconds = Gauge(
            "paybus_coherence_timestamp_seconds",
            "Unix time at which every rule was last looked at.",
            registry=registry,
        )


class MatchMetrics:
    """Callbacks that were left behind (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.matched = Counter(
            "paybus_callbacks_matched_late",
            "Trades to which callbacks were applied that somebody had kept and not matched.",
            registry=registry,
        )


class OverdueMetrics:
    """Barcode payments that stayed unpaid (reconciler)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.cancels = Counter(
            "paybus_overdue_cancels",
            "Cancels of barcode payments that were unpaid after their deadline.",
            registry=registry,
        )
