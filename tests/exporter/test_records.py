"""Attempts at the gateway and dead letters are counted from Kafka, each once."""

from typing import Any

from aiokafka import AIOKafkaProducer
import pytest
from tests.exporter.figures import exporting

from paybus.contracts.call import GatewayCall, encode_call
from paybus.contracts.command import identify
from paybus.contracts.dead_letter import dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.contracts.topics import Topics
from paybus.exporter import record_reader
from paybus.exporter.settings import ExporterSettings
from paybus.trades.operation import Kind

DURATION, CODES = "paybus_gateway_call_duration_seconds", "paybus_gateway_return_codes_total"
LETTERS = "paybus_dead_letters_total"


def call(**changes: Any) -> bytes:
    values = {
        "operation": "pay", "kind": "pay", "merchant_id": "MERCHANT-X", "charge_code": "CHARGE-X",
        "key": "CHARGE-X", "verdict": "executed", "return_code": "SUCCESS", "at_ms": 1, "duration_us": 50_000,
    }  # fmt: skip
    return encode_call(GatewayCall(**{**values, **changes}))


async def send(producer: AIOKafkaProducer, topic: str, *values: bytes | None, headers: Any = ()) -> None:
    """Send *values* with different keys, so that they spread over the partitions."""
    for number, value in enumerate(values):
        await producer.send_and_wait(topic, value, key=b"%d" % number, headers=list(headers))


def letter_headers(value: bytes | None, *, topic: str, kind: Kind = Kind.PAY) -> Any:
    """Give the headers with which intake buries *value*."""
    with pytest.raises(NotACommandError) as refused:
        identify(value, kind)
    return dead_letter_headers([], topic=topic, partition=0, offset=7, timestamp_ms=1, error=refused.value)


async def test_every_attempt_is_counted_once_whatever_its_partition(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Counts and seconds are exactly those of the records, by operation, verdict and return code."""
    paid, failed = [call()] * 30, [call(verdict="declined", return_code="FAIL", duration_us=1_500_000)] * 4
    lost = [call(operation="query", verdict="unknown", return_code=None, error="AnswerLostError")] * 3
    async with exporting(settings) as page:
        await send(producer, topics.gateway_calls, *paid, *failed, *lost)
        await page.until(lambda figures: sum(figures.series(CODES).values()) >= 37)
        figures = await page.after_another_look()
    assert figures.series(CODES) == {("pay", "SUCCESS"): 30, ("pay", "FAIL"): 4, ("query", "none"): 3}
    counts = {("pay", "executed"): 30, ("pay", "declined"): 4, ("query", "unknown"): 3}
    assert figures.series(f"{DURATION}_count") == counts
    assert figures(f"{DURATION}_sum", operation="pay", verdict="declined") == pytest.approx(6.0)
    assert figures(f"{DURATION}_bucket", operation="pay", verdict="declined", le="1.0") == 0
    assert figures(f"{DURATION}_bucket", operation="pay", verdict="declined", le="2.5") == 4
    assert figures("paybus_gateway_calls_unreadable_total") == 0


async def test_what_was_there_before_the_first_start_is_counted(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Services start in any order: the first exporter looks back, as far as it says it does."""
    await send(producer, topics.gateway_calls, *[call()] * 9)
    async with exporting(settings) as page:
        figures = await page.until(lambda figures: figures.series(CODES))
        figures = await page.after_another_look()
    assert figures.series(CODES) == {("pay", "SUCCESS"): 9}


async def test_the_look_back_has_a_bound(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long absence it begins so many records before the end of each partition, not a year ago."""
    monkeypatch.setattr(record_reader, "LOOK_BACK_RECORDS", 2)
    for number in range(10):
        await producer.send_and_wait(topics.gateway_calls, call(return_code=f"OLD{number}"), partition=0)
    await producer.send_and_wait(topics.gateway_calls, call(), partition=1)
    async with exporting(settings) as page:
        await page.until(lambda figures: sum(figures.series(CODES).values()) >= 3)
        figures = await page.after_another_look()
    assert figures.series(CODES) == {("pay", "other"): 2, ("pay", "SUCCESS"): 1}


async def test_the_next_process_counts_what_came_in_between_and_nothing_again(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Prometheus adds up what every process counted: over a restart that must be each record once."""
    async with exporting(settings) as page:
        await send(producer, topics.gateway_calls, *[call()] * 5)
        await page.until(lambda figures: figures.series(CODES) == {("pay", "SUCCESS"): 5})
    await send(producer, topics.gateway_calls, *[call(return_code="FAIL")] * 2)
    async with exporting(settings) as page:
        await page.until(lambda figures: figures.series(CODES))
        figures = await page.after_another_look()
        assert figures.series(CODES) == {("pay", "FAIL"): 2}


async def test_an_orderly_stop_leaves_nothing_to_be_counted_twice(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """How far it is is committed every few seconds, and once more at the end."""
    await send(producer, topics.gateway_calls, call())
    async with exporting(settings) as page:  # Kafka makes its coordinator for the first group
        await page.until(lambda figures: figures.series(CODES))
    async with exporting(settings, every_seconds=3600) as page:
        await send(producer, topics.gateway_calls, *[call()] * 5)
        await page.until(lambda figures: figures.series(CODES) == {("pay", "SUCCESS"): 5})
    async with exporting(settings) as page:
        figures = await page.after_another_look()
    assert figures.series(CODES) == {}


async def test_a_record_that_cannot_be_read_is_counted_and_passed_over(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """Whatever stands in it, on the same partition the next one is counted."""
    unreadable = [None, b"", b"\xff\xfe", b"[]", b"{}", call()[:-9], call(duration_us=10**400)]
    for value in [*unreadable, call()]:
        await producer.send_and_wait(topics.gateway_calls, value, key=b"any", partition=0)
    async with exporting(settings) as page:
        figures = await page.until(lambda figures: figures.series(CODES))
    assert figures.series(CODES) == {("pay", "SUCCESS"): 1}
    assert figures("paybus_gateway_calls_unreadable_total") == len(unreadable)


async def test_what_is_not_known_here_is_other(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """A code or an operation of tomorrow makes no series; fields of tomorrow are passed over."""
    new = call(return_code="BRAND_NEW")
    later = b'{"of_a_later_version":1,' + call(operation="settle")[1:]
    async with exporting(settings) as page:
        before = len((await page.scrape()).samples)
        await send(producer, topics.gateway_calls, new, later)
        figures = await page.until(lambda figures: sum(figures.series(CODES).values()) == 2)
    assert figures.series(CODES) == {("pay", "other"): 1, ("other", "SUCCESS"): 1}
    assert len(figures.samples) == before


async def test_dead_letters_are_counted_by_where_they_were_sent_and_why(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """The topic is the original one, the reason intake's; what neither tells is `other` of its own topic."""
    pay, refund = topics.commands(Kind.PAY), topics.commands(Kind.REFUND)
    no_json, no_value = letter_headers(b"{", topic=pay), letter_headers(None, topic=refund, kind=Kind.REFUND)
    async with exporting(settings) as page:
        await send(producer, topics.dead_letters(Kind.PAY), b"{", b"{", headers=no_json)
        await send(producer, topics.dead_letters(Kind.REFUND), None, headers=no_value)
        await send(
            producer, topics.dead_letters(Kind.CANCEL), b"?", headers=[("paybus-reason", b"moonphase")]
        )
        await send(producer, topics.dead_letters(Kind.CANCEL), b"?", headers=[("paybus-reason", b"\xff")])
        # It was replayed and died again: the headers of its second death are the last ones.
        twice = [*letter_headers(None, topic=pay), *no_json]
        await send(producer, topics.dead_letters(Kind.PAY), b"{", headers=twice)
        await page.until(lambda figures: sum(figures.series(LETTERS).values()) >= 6)
        figures = await page.after_another_look()
    cancel = topics.commands(Kind.CANCEL)
    counts = {("not_json", pay): 3, ("value_missing", refund): 1, ("other", cancel): 2}
    assert figures.series(LETTERS) == counts


async def test_identifiers_are_never_shown(
    settings: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """The page has no merchant, trade, refund or reason in it: nothing of which there is no end."""
    async with exporting(settings) as page:
        await send(producer, topics.gateway_calls, call(kind="refund", key="REFUND-X", reason="odd-X"))
        await page.until(lambda figures: figures.series(CODES))
        text = (await page.client.get("/metrics")).text
    assert "-X" not in text
