"""What the exporter finds in Kafka besides attempts: what waits, and what was put aside."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from paybus.contracts.topics import Topics
from paybus.telemetry.metrics.family import OTHER, Family
from paybus.trades.operation import Kind

BROKER_SUBJECTS = ("records", "lag")
"""What is read from Kafka apart from each other: calls and dead letters, and how far the workers are."""
DEAD_LETTER_REASONS = ("value_missing", "value_too_large", "identity_invalid", "not_json", OTHER)


class BrokerMetrics:
    """What waits in Kafka, and what was put aside (exporter)."""

    def __init__(self, registry: CollectorRegistry, topics: Topics) -> None:
        commands = [topics.commands(kind) for kind in Kind]
        records = Gauge(
            "paybus_consumer_lag_records", "Commands not yet accepted.", ["topic"], registry=registry
        )
        seconds = Gauge(
            "paybus_consumer_lag_seconds",
            "Age of the oldest of them; 0 if none.",
            ["topic"],
            registry=registry,
        )
        letters = Counter(
            "paybus_dead_letters",
            "Records that could not become commands, by the topic they were sent to.",
            ["topic", "reason"],
            registry=registry,
        )
        read_at = Gauge(
            "paybus_broker_read_timestamp_seconds",
            "Unix time at which Kafka was last read for figures.",
            ["subject"],
            registry=registry,
        )
        self.read_timestamp_seconds = Family(read_at, BROKER_SUBJECTS)
        self.lag_records = Family(records, commands)
        self.lag_seconds = Family(seconds, commands)
        self.dead_letters = Family(letters, commands, DEAD_LETTER_REASONS)
