"""Events go out together, but no event of a trade before the one that comes first is with Kafka."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.ledger.outbox import Pending
from paybus.notifier import publication as module
from paybus.notifier.errors import NotPublishedError
from paybus.notifier.memory_broker import MemoryBroker
from paybus.notifier.publication import in_waves, publish, reachable

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def pending(outbox_id: int, charge_code: str, *, traceparent: str | None = None) -> Pending:
    """Give an event as the outbox gives it."""
    ce_id = f"m/{charge_code}/{outbox_id}"
    value = f'{{"n":{outbox_id}}}'.encode()
    return Pending(outbox_id, ce_id, "trade.paid", charge_code, AT, traceparent, value)


def ids(events: Sequence[Pending]) -> list[int]:
    """Give the numbers of events."""
    return [one.outbox_id for one in events]


@given(st.lists(st.sampled_from("ABC"), max_size=30))
def test_waves_keep_the_order_of_a_trade(codes: list[str]) -> None:
    """Nothing is lost or doubled, no wave has a trade twice, and a trade's events stay in their order."""
    events = [pending(number, code) for number, code in enumerate(codes)]
    waves = in_waves(events)
    assert sorted(ids([one for wave in waves for one in wave])) == ids(events)
    for wave in waves:
        assert len({one.charge_code for one in wave}) == len(wave)
    for code in "ABC":
        sent = [one for wave in waves for one in wave if one.charge_code == code]
        assert ids(sent) == sorted(ids(sent))
    assert len(waves) == max((codes.count(code) for code in "ABC"), default=0)


async def test_a_record_is_the_event_to_the_byte(memory: MemoryBroker) -> None:
    """The key is the trade's number, the value is what was committed, the headers are CloudEvents'."""
    event = pending(7, "C1", traceparent="00-aa-bb-01")
    async with memory.open_producer() as producer:
        await publish(producer, "events", [event])
    (record,) = memory.log
    assert (record.topic, record.key, record.value) == ("events", b"C1", event.value)
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"m/C1/7",
        "ce_type": b"trade.paid",
        "ce_source": b"/paybus/notifier",
        "ce_time": b"2026-01-02T03:04:05.678901+00:00",
        "ce_subject": b"C1",
        "content-type": b"application/json",
        "traceparent": b"00-aa-bb-01",
    }


@pytest.mark.parametrize("room", range(1, 6))
async def test_after_a_refusal_no_later_event_of_the_trade_is_sent(memory: MemoryBroker, room: int) -> None:
    """Wherever it breaks, what Kafka has of a trade is its beginning, without a gap."""
    events = [pending(number, code) for number, code in enumerate("ABABCA")]
    async with memory.open_producer() as producer:
        memory.room = room
        with pytest.raises(NotPublishedError):
            await publish(producer, "events", events)
    assert len(memory.log) == room
    for code in "ABC":
        all_values = [one.value for one in events if one.charge_code == code]
        has = [record.value for record in memory.log if record.key == code.encode()]
        assert has == all_values[: len(has)]


async def test_a_batch_that_failed_does_not_let_the_next_one_overtake(memory: MemoryBroker) -> None:
    """Where one record is refused and those behind it would be taken, none of the same trade is sent."""
    memory.refusing = 1
    async with memory.open_producer() as producer:
        with pytest.raises(NotPublishedError):
            await publish(producer, "events", [pending(number, code) for number, code in enumerate("AABB")])
    assert [(record.key, record.value) for record in memory.log] == [(b"B", b'{"n":2}')]


async def test_silence_is_not_waited_out(memory: MemoryBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an acknowledgement in time it counts as not published."""
    monkeypatch.setattr(module, "ACKNOWLEDGED_SECONDS", 0.01)
    memory.silent = True
    async with memory.open_producer() as producer:
        with pytest.raises(NotPublishedError, match="TimeoutError"):
            await publish(producer, "events", [pending(1, "A")])


async def test_a_broker_that_is_not_there_is_our_error(memory: MemoryBroker) -> None:
    """Kafka's own errors stay in this room."""
    memory.room = 0
    with pytest.raises(NotPublishedError, match="KafkaConnectionError"):
        async with reachable(memory.open_producer):
            raise AssertionError("there is nobody")
