"""The relay on a broker that speaks Kafka: all arrives, also when the broker freezes or we are killed."""

import asyncio
from collections.abc import Sequence
import os
from pathlib import Path
import signal

import pytest
from tests.kafka.apache import ApacheKafka
from tests.notifier.books import announced, until_sent, waiting
from tests.notifier.brokers import Kafka
from tests.notifier.relays import first_sights, in_turn, publishes_everything, running, trades
from tests.runtime.program import finish, program

from paybus.ledger.outbox import Pending
from paybus.ledger.pool import Pool
from paybus.notifier import relay as module
from paybus.notifier.publication import Producer, publish

KILLED_BEFORE_DELETING = """
from functools import partial
from paybus.ledger.outbox import Outbox
from paybus.notifier.relay import Relay, open_outbox
from paybus.runtime.kafka import Brokers, open_producer

async def die(outbox, pending):
    print(*(one.ce_id for one in pending), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

Outbox.delete = die
outbox = partial(open_outbox, {url!r})
producer = partial(open_producer, Brokers({bootstrap!r}), client_id="dying")
asyncio.run(Relay(outbox, producer, {topic!r}).run())
"""


async def test_everything_arrives_once_and_in_order(pool: Pool, database_url: str, broker: Kafka) -> None:
    """Without faults each event is on Kafka exactly once, in its trade's order, and out of the outbox."""
    await publishes_everything(pool, database_url, broker)


async def test_killed_after_the_acknowledgement_it_is_sent_again(
    pool: Pool, database_url: str, broker: Kafka, tmp_path: Path
) -> None:
    """Killed with -9 between Kafka's word and the deletion: the next relay repeats it, equal to the byte."""
    wanted = trades(count=10, versions=3)
    await announced(pool, *in_turn(wanted))
    text = KILLED_BEFORE_DELETING.format(url=database_url, bootstrap=broker.bootstrap, topic=broker.topic)
    with program(tmp_path, text) as process:
        code, printed, _ = finish(process)
    assert (code, printed[-1]) == (-signal.SIGKILL, " ".join(in_turn(wanted)))
    assert await waiting(pool) == 30
    before = await broker.records()

    async with running(database_url, broker):
        await until_sent(pool)

    records = await broker.records()
    assert (len(before), len(records)) == (30, 60)
    assert set(records) == set(before)
    assert first_sights(records) == wanted


async def test_a_broker_that_does_not_answer_for_a_while(
    pool: Pool, database_url: str, kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is frozen nothing is struck out of the outbox; when it goes on, all is there in order."""
    broker = Kafka(kafka.bootstrap)
    handed_over = asyncio.Event()

    async def publishing(producer: Producer, topic: str, pending: Sequence[Pending]) -> None:
        handed_over.set()
        await publish(producer, topic, pending)

    monkeypatch.setattr(module, "publish", publishing)
    wanted = {"C0": ["m/C0/1", "m/C0/2"], "C1": ["m/C1/1", "m/C1/2"]}
    async with running(database_url, broker):
        await announced(pool, "m/C0/1", "m/C1/1")
        await until_sent(pool)
        handed_over.clear()
        os.kill(kafka.pid, signal.SIGSTOP)
        try:
            await announced(pool, "m/C0/2", "m/C1/2")
            await handed_over.wait()
            assert await waiting(pool) == 2
        finally:
            os.kill(kafka.pid, signal.SIGCONT)
        await until_sent(pool)
    assert first_sights(await broker.records()) == wanted
