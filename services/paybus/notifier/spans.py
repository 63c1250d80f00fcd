"""The notifier's spans: a callback that is received, an event that is published (docs/traces.md)."""

from collections.abc import Sequence
from typing import Final

from paybus.ledger.callback import Delivery
from paybus.ledger.outbox import Pending
from paybus.telemetry.trace import Span, SpanKind, begin, work_on

NOT_STORED: Final = "unavailable"
"""What became of a callback that could not be stored: it is answered with 503, and comes again."""


def end_callback(delivery: Delivery, result: str, route: str) -> None:
    """Say what became of a callback; its trace is known by now, if its trade is."""
    span = delivery.span
    if span is None or span.parent is None:
        return
    work_on(span.traceparent)
    lost = result == NOT_STORED
    span.end(
        {
            "http.request.method": "POST",
            "http.response.status_code": 503 if lost else 200,
            "http.route": route,
            "paybus.merchant_id": delivery.merchant_id,
            "paybus.charge_code": delivery.charge_code,
            "paybus.gateway_state": delivery.facts.gateway_state,
            "paybus.result": result,
        },
        failed=lost,
    )


def begin_publishing(wave: Sequence[Pending]) -> list[tuple[Span, Pending]]:
    """Begin a span for each event whose trace is sampled; a repeat has one of its own."""
    spans = ((begin(f"publish {one.ce_type}", one.traceparent, SpanKind.PRODUCER), one) for one in wave)
    return [(span, one) for span, one in spans if span is not None]


def end_publishing(begun: Sequence[tuple[Span, Pending]], topic: str, *, failed: bool) -> None:
    """Say that Kafka has all of them, or perhaps not."""
    for span, one in begun:
        span.end(
            {
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.destination.name": topic,
                "messaging.message.id": one.ce_id,
                "paybus.charge_code": one.charge_code,
            },
            failed=failed,
        )
