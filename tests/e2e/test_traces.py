"""One command is one trace: through every process, over a crash, and to whoever consumes the event."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import signal
from typing import Any
import urllib.request

from confluent_kafka import Message
import pytest
from tests.e2e.embedded import embedded
from tests.e2e.system import MERCHANT, System, barcode
from tests.otlp import CollectedSpan, Collector, collecting

from paybus.trades.operation import Kind

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER_TRACE = "1af7651916cd43dd8448eb211c80319d"
HEADER = f"00-{TRACE}-{SENDER}-01"
UNLISTED = 9_000_010  # fen: to the sandbox, a wish for a return code that no dictionary has


@pytest.fixture
def system(database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system of which nothing runs yet."""
    with embedded(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Have every service that is started from now on send its spans here."""
    with collecting() as made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made


def ask(system: System, command: dict[str, Any], header: str | None) -> None:
    """Publish a pay command with a trace, or without."""
    record = (command["charge_code"].encode(), json.dumps(command).encode())
    headers = [] if header is None else [("traceparent", header.encode())]
    system.send_raw(system.topics.commands(Kind.PAY), [record], headers=headers)


def events(system: System, count: int) -> list[Message]:
    """Give the events when there are so many."""
    return system.records(system.topics.trade_events, until=lambda seen: len(seen) >= count)


def place_of(event: Message) -> str:
    """Give the place in a trace that an event names."""
    return dict(event.headers() or [])["traceparent"].decode()


def one(spans: list[CollectedSpan], name: str) -> CollectedSpan:
    """Give the only span of that name."""
    (found,) = [span for span in spans if span.name == name]
    return found


def test_a_payment_that_was_answered_by_inquiry_after_a_crash_is_one_trace(
    system: System, collector: Collector
) -> None:
    """Accepted by one process, killed with the answer in its hands; another asks, settles; a third tells.

    All of it is below the command's own span, and whoever consumes the event goes on from there.
    """
    system.start_sandbox(latency_ms=1500)
    system.start("notifier")
    first = system.start("first", "pay", seam="answer_read")
    ask(system, barcode(1), HEADER)
    assert first.await_end() == -signal.SIGKILL
    system.forget("first")
    system.start("second", "pay")
    system.await_answers(1)
    (event,) = events(system, 1)
    assert set(system.stop().values()) == {0}
    spans = collector.of(TRACE)
    accept, takeover = one(spans, "accept pay"), one(spans, "takeover pay")
    asked, settle = one(spans, "attempt query"), one(spans, "settle pay")
    publish = one(spans, "publish trade.paid")
    assert accept.parent_id == SENDER
    assert takeover.parent_id == accept.span_id
    assert asked.parent_id == settle.parent_id == takeover.span_id
    assert publish.parent_id == settle.span_id
    assert place_of(event) == f"00-{TRACE}-{settle.span_id}-01"
    assert {span.kind for span in (accept, asked, publish)} == {"consumer", "client", "producer"}
    assert (asked.attributes["paybus.return_code"], asked.attributes["paybus.verdict"]) == (
        "SUCCESS",
        "executed",
    )
    assert settle.attributes["paybus.state"] == "done"
    assert takeover.process == asked.process == settle.process
    assert len({accept.process, settle.process, publish.process}) == 3
    assert {span.service for span in spans} == {"paybus-pay", "paybus-notifier"}
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert system.count("outbox") == 0


def test_a_callback_belongs_to_the_trace_of_its_order(system: System, collector: Collector) -> None:
    """The gateway knows nothing of traces, and the customer's payment is in the order's all the same.

    A repeated event names the place of the first. Logs and metrics lead to the traces as well.
    """
    system.start_sandbox()
    system.start("notifier")
    system.start("exporter")
    pay = system.start("pay", notify_base_url=system.address("notifier"))
    system.until(lambda: system.is_ready("exporter"))  # it counts what is answered after its first look
    order = {**barcode(1), "charge_code": "N1", "method": "native", "channel_type": 1}
    ask(system, order, HEADER)
    system.await_answers(1)
    system.post("sandbox", f"/admin/orders/{MERCHANT}/N1/approve")
    created, paid = events(system, 2)
    ask(system, order, None)  # the same again, in a trace of its own
    assert _as_sent(events(system, 3)[2]) == _as_sent(created)
    ask(system, barcode(2, amount_fen=UNLISTED), f"00-{OTHER_TRACE}-{SENDER}-01")
    system.await_answers(2)
    exemplars = _exemplars_until(system, {TRACE, OTHER_TRACE})
    line = json.loads(next(line for line in pay.log.splitlines() if "return_code.unlisted" in line))
    assert set(system.stop().values()) == {0}
    spans = collector.of(TRACE)
    accept, attempt, callback = (
        one(spans, f"{name}") for name in ("accept pay", "attempt order", "callback")
    )
    settle, publish = one(spans, "settle pay"), one(spans, "publish trade.paid")
    assert attempt.parent_id == settle.parent_id == callback.parent_id == accept.span_id
    assert place_of(created) == f"00-{TRACE}-{settle.span_id}-01"
    assert place_of(paid) == f"00-{TRACE}-{callback.span_id}-01"
    assert publish.parent_id == callback.span_id
    assert (callback.kind, callback.process) == ("server", publish.process)
    assert callback.attributes["paybus.result"] == "applied"
    assert [span.parent_id for span in spans if span.name == "publish trade.created"] == [settle.span_id] * 2
    (repeated,) = [span for span in collector.spans if span.attributes.get("paybus.result") == "repeated"]
    assert (repeated.parent_id, repeated.trace_id in {TRACE, OTHER_TRACE}) == ("", False)
    assert line["trace_id"] == OTHER_TRACE
    assert line["span_id"] == one(collector.of(OTHER_TRACE), "accept pay").span_id
    ids = {span.span_id for span in collector.spans}
    assert {span for span, _ in exemplars} <= ids


def _as_sent(event: Message) -> tuple[Any, ...]:
    return event.key(), event.value(), event.headers()


def _exemplars_until(system: System, traces: set[str]) -> set[tuple[str, str]]:
    """Scrape the exporter until its histograms lead to *traces*; give span and trace of each exemplar."""
    found: dict[str, set[tuple[str, str]]] = {}

    def there() -> bool:
        request = urllib.request.Request(
            f"{system.address('exporter')}/metrics", headers={"Accept": "application/openmetrics-text"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        for name in ("paybus_gateway_call_duration_seconds", "paybus_command_age_seconds"):
            pattern = rf'^{name}_bucket\S+ \S+ # {{span_id="(\w+)",trace_id="(\w+)"}}'
            found[name] = set(re.findall(pattern, text, re.MULTILINE))
        calls, answers = ({trace for _, trace in pairs} for pairs in found.values())
        # A bucket keeps its last exemplar alone: two commands of about the same age share one.
        return traces <= calls and bool(traces & answers)

    system.until(there)
    return set.union(*found.values())
