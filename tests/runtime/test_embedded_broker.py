"""The embedded broker speaks Kafka's protocol from a process of its own."""

import os
from pathlib import Path
import signal
import subprocess
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
import pytest

from paybus.runtime.embedded_broker import (
    MAX_PARTITIONS,
    EmbeddedBroker,
    EmbeddedBrokerError,
    main,
    topics_of,
)


async def test_records_go_round_and_a_group_resumes_where_it_committed() -> None:
    """An idempotent producer's records arrive in order with their headers; a committed offset is resumed."""
    with EmbeddedBroker({"commands": 1}) as broker:
        await _produce(broker.bootstrap, [b"%d" % number for number in range(20)])
        first = await _consume(broker.bootstrap, 12)
        rest = await _consume(broker.bootstrap, 8)
    assert first + rest == [b"%d" % number for number in range(20)]


async def test_topics_are_there_with_their_partitions_before_anyone_asks() -> None:
    """A topic has as many partitions as it was given, from the start."""
    with EmbeddedBroker({"wide": 12, "narrow": 1}) as broker:
        consumer = AIOKafkaConsumer("wide", "narrow", bootstrap_servers=broker.bootstrap)
        await consumer.start()
        try:
            assert await consumer.topics() == {"wide", "narrow"}
            assert len(consumer.partitions_for_topic("wide") or ()) == 12
            assert len(consumer.partitions_for_topic("narrow") or ()) == 1
        finally:
            await consumer.stop()


def test_it_prints_its_address_and_ends_on_sigterm(tmp_path: Path) -> None:
    """As a program it tells its address on its output and in the file, and SIGTERM is an orderly end."""
    file = tmp_path / "address"
    command = [sys.executable, "-m", "paybus.runtime.embedded_broker", "--topics", "a:2", "--port-file", file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        printed = program.stdout.readline().strip()
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    host, _, port = printed.rpartition(":")
    assert file.read_text() == printed
    assert host == "127.0.0.1"
    assert 1 <= int(port) < 65536


def test_stopping_ends_the_process_and_forgets_the_address() -> None:
    """After stop there is no child left, and no address that somebody might still use."""
    broker = EmbeddedBroker({})
    broker.start()
    pid = broker.pid
    broker.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(EmbeddedBrokerError, match="not been started"):
        _ = broker.bootstrap
    broker.stop()


def test_a_child_that_cannot_start_is_reported_in_its_own_words() -> None:
    """The reason why the child ended is in the exception, not in a file somewhere."""
    with pytest.raises(EmbeddedBrokerError, match="name:partitions"):
        EmbeddedBroker({"none": 0}).start()


def test_a_fixed_port_is_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks for a port is told why there is none to choose, instead of being given another."""
    with pytest.raises(SystemExit, match="2"):
        main(["--port", "9092"])
    assert "cannot be given a port" in capsys.readouterr().err


def test_topics_are_read_from_text() -> None:
    """Names may hold dots and colons; the partitions stand behind the last colon."""
    assert topics_of("") == {}
    assert topics_of("paybus.pay.commands.v1:12,a:b:1") == {"paybus.pay.commands.v1": 12, "a:b": 1}


@pytest.mark.parametrize("text", ["a", "a:", ":1", "a:0", "a:-1", "a:x", f"a:{MAX_PARTITIONS + 1}"])
def test_half_a_topic_is_refused(text: str) -> None:
    """A topic without a sensible number of partitions is an error, not a guess."""
    with pytest.raises(ValueError, match="name:partitions"):
        topics_of(text)


async def _produce(bootstrap: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait("commands", value, headers=[("ce_id", value)])
    finally:
        await producer.stop()


async def _consume(bootstrap: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        "commands", bootstrap_servers=bootstrap, group_id="pay", enable_auto_commit=False,
        auto_offset_reset="earliest", session_timeout_ms=2000, heartbeat_interval_ms=300,
    )  # fmt: skip
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in range(count)]
        await consumer.commit({TopicPartition("commands", 0): records[-1].offset + 1})
    finally:
        await consumer.stop()
    assert all(dict(record.headers) == {"ce_id": record.value} for record in records)
    return [record.value for record in records]
