"""aiokafka on uvloop, the loop of the services: what it writes to a closed connection is an error of that."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
import pytest
from tests.kafka.apache import ApacheKafka
import uvloop

from paybus.runtime.kafka_on_uvloop import notice_closed_connections


@pytest.fixture(autouse=True)
def _noticing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have aiokafka as it is in a service, and as it was after the test."""
    monkeypatch.setattr(AIOKafkaConnection, "send", AIOKafkaConnection.send)
    notice_closed_connections()


def test_a_request_on_a_closed_connection_is_told_as_such(kafka: ApacheKafka) -> None:
    """The error is the one that aiokafka expects, and the connection is given up."""

    async def ask() -> None:
        host, port = kafka.bootstrap.split(":")
        connection = await create_conn(host, int(port))
        await _close_unseen(connection)
        with pytest.raises(KafkaConnectionError, match="is closed") as error:
            await connection.send(MetadataRequest([]))
        assert isinstance(error.value.__cause__, RuntimeError)
        assert not connection.connected()

    _on_uvloop(ask)


def test_a_consumer_goes_on_over_closed_connections(kafka: ApacheKafka) -> None:
    """Whatever it writes to a connection that is closed, it connects again, commits and reads on."""
    kafka.create_topics({"closed": 1})

    async def read_on() -> None:
        async with _consumer(kafka) as consumer, asyncio.timeout(60):
            await _tell(kafka, b"before")
            assert (await consumer.getone()).value == b"before"
            client = consumer._client
            for connection in client._conns.values():
                await _close_unseen(connection)
            assert await client.force_metadata_update() in {True, False}
            await consumer.commit()
            await _tell(kafka, b"after")
            assert (await consumer.getone()).value == b"after"
            assert not client._sync_task.done()

    _on_uvloop(read_on)


async def _close_unseen(connection: AIOKafkaConnection) -> None:
    """Close as a failed write does, for good while aiokafka's reader has not heard of it yet."""
    connection._read_task.cancel()
    connection._reader.at_eof = lambda: False
    connection._writer.transport.abort()
    await connection._closed_fut


@asynccontextmanager
async def _consumer(kafka: ApacheKafka) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        "closed", bootstrap_servers=kafka.bootstrap, group_id="closed", enable_auto_commit=False,
        auto_offset_reset="earliest", request_timeout_ms=2_000,
    )  # fmt: skip
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _tell(kafka: ApacheKafka, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait("closed", value)
    finally:
        await producer.stop()


def _on_uvloop(main: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
