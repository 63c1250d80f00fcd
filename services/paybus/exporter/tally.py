"""One record from Kafka becomes one count: an attempt at the gateway, or a dead letter."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import DecodeError

from paybus.contracts.call import decode_call
from paybus.contracts.header import read_headers
from paybus.contracts.topics import Topics
from paybus.telemetry.metrics.broker import BrokerMetrics
from paybus.telemetry.metrics.family import OTHER
from paybus.telemetry.metrics.gateway import GatewayMetrics
from paybus.trades.operation import Kind


class Record(Protocol):
    """A consumed record: the part of aiokafka's that is read."""

    topic: str
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Tally:
    """Counts the records of the calls and the dead-letter topics; never raises for what is in them."""

    def __init__(self, topics: Topics, gateway: GatewayMetrics, broker: BrokerMetrics) -> None:
        self._calls = topics.gateway_calls
        self._commands = {topics.dead_letters(kind): topics.commands(kind) for kind in Kind}
        self._gateway = gateway
        self._broker = broker

    @property
    def topics(self) -> list[str]:
        """The topics whose records can be counted."""
        return [self._calls, *self._commands]

    def count(self, record: Record) -> None:
        """Count *record* once."""
        if record.topic == self._calls:
            self._count_call(record)
        else:
            self._count_letter(record)

    def _count_call(self, record: Record) -> None:
        traceparent = read_headers(record.headers).traceparent
        try:
            self._gateway.count(decode_call(record.value or b""), traceparent)
        except (DecodeError, OverflowError):  # a number may have more digits than a float has room for
            self._gateway.unreadable.inc()

    def _count_letter(self, record: Record) -> None:
        headers = dict(record.headers)  # ours come last: a letter that died a second time has both
        sent_to = _text(headers.get("kafka_dlt-original-topic"))
        if sent_to not in self._commands.values():
            sent_to = self._commands[record.topic]
        self._broker.dead_letters.of(sent_to, _text(headers.get("paybus-reason"))).inc()


def _text(value: bytes | None) -> str:
    return OTHER if value is None else value.decode("utf-8", "replace")
