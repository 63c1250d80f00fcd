"""What the notifier does is in the traces of commands, and changes nothing of what it publishes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.ledger.house import told
from tests.notifier.test_publication import pending
from tests.telemetry.notebook import LEFT_OUT, SAMPLED, TRACE, Notebook, noted

from paybus.notifier.errors import NotPublishedError
from paybus.notifier.memory_broker import MemoryBroker
from paybus.notifier.publication import publish
from paybus.notifier.spans import NOT_STORED, end_callback
from paybus.telemetry.trace import SpanKind, begin_unplaced, here, work_on


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    """Have spans recorded."""
    with noted() as made:
        yield made


async def test_a_publication_is_below_what_caused_the_event(memory: MemoryBroker, notebook: Notebook) -> None:
    """And the header is the event's own, so that a repeat is the same to the byte."""
    events = [pending(1, "A", traceparent=SAMPLED), pending(2, "B", traceparent=LEFT_OUT), pending(3, "C")]
    async with memory.open_producer() as producer:
        for _ in range(2):
            await publish(producer, "events", events)
    assert memory.log[:3] == memory.log[3:]
    assert dict(memory.log[0].headers)["traceparent"] == SAMPLED.encode()
    assert len(notebook.spans) == 2
    for span, attributes, failed in notebook.spans:
        assert (span.name, span.kind, span.parent) == ("publish trade.paid", SpanKind.PRODUCER, SAMPLED)
        assert (attributes["messaging.message.id"], failed) == ("m/A/1", False)


async def test_an_event_that_kafka_does_not_take_has_failed(memory: MemoryBroker, notebook: Notebook) -> None:
    """It may be there all the same: the trace says that it was tried."""
    memory.refusing = 1
    async with memory.open_producer() as producer:
        with pytest.raises(NotPublishedError):
            await publish(producer, "events", [pending(1, "A", traceparent=SAMPLED)])
    assert [failed for _, _, failed in notebook.spans] == [True]


@pytest.mark.parametrize(("result", "status", "bad"), [("applied", 200, False), (NOT_STORED, 503, True)])
def test_a_callback_is_a_servers_span(notebook: Notebook, result: str, status: int, bad: bool) -> None:
    """Whose trade is known, and with what we answered; the log goes on in its trace."""
    span = begin_unplaced("callback", SpanKind.SERVER)
    assert span
    span.place_in(SAMPLED)
    end_callback(replace(told(), span=span), result, "/callbacks/{merchant_id}")
    ((_, attributes, failed),) = notebook.spans
    assert (attributes["http.response.status_code"], failed) == (status, bad)
    assert (attributes["paybus.result"], attributes["paybus.charge_code"]) == (result, "C1")
    assert here() == f"00-{TRACE}-{span.span_id}-01"
    work_on(None)


def test_a_callback_about_nobodys_trade_has_no_trace(notebook: Notebook) -> None:
    """There is none that it could belong to."""
    end_callback(replace(told(), span=begin_unplaced("callback", SpanKind.SERVER)), "unmatched", "/")
    end_callback(told(), "unmatched", "/")
    assert notebook.spans == []
    assert here() is None
