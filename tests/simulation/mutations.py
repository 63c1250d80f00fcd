"""Defects on purpose: each is put into the running program for a while, and must be found."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from tests.simulation.broker import SimulatedConsumer, SimulatedRecord

from paybus.execution import attempt, operator, turn
from paybus.intake import intake, subscriber
from paybus.ledger import settlement
from paybus.ledger.acceptance import accept
from paybus.ledger.announcement import publish
from paybus.ledger.errors import translated
from paybus.ledger.held import Held
from paybus.ledger.memory import writing as tables
from paybus.ledger.settlement import Settlement
from paybus.ledger.writing import Writing, Written, write
from paybus.notifier import relay
from paybus.trades import start
from paybus.trades.operation import OperationState
from paybus.trades.outcome import Verdict

Mutation = Callable[[], AbstractContextManager[object]]


def send_before_accept_is_durable() -> AbstractContextManager[object]:
    """Hand operations over while the transaction that accepts them is still open."""

    async def accept_and_send(self: Any, batch: Any) -> Any:
        async with self.giving:
            with translated():
                async with self.pool.acquire() as connection, connection.transaction():
                    accepted = await accept(
                        connection, self.worker_id, batch.acceptances, rejections=batch.rejections
                    )
                    self.hand_over(accepted.held)
                    await asyncio.sleep(0.5)
        return accepted

    return patch.object(intake.Intake, "_accept", accept_and_send)


@contextmanager
def settle_without_fencing() -> Iterator[None]:
    """Write what is settled whoever owns the operation in whatever turn, at both tries."""

    async def lock_any(self: Any, connection: Any, settlements: Sequence[Settlement]) -> dict[int, int]:
        return {one.held.operation_id: one.held.turn for one in settlements}

    with (
        patch.object(
            tables, "is_held", lambda ledger, _worker_id, one: one["operation_id"] in ledger.operations
        ),
        patch.object(settlement.Settlements, "_lock_ours", lock_any),
    ):
        yield


def settle_and_tell_apart() -> AbstractContextManager[object]:
    """Write operation and trade first, and their events after that."""

    async def write_apart(executor: Any, worker_id: Any, writing: Writing) -> Written:
        untold = Writing(writing.operations, writing.trades)
        written = await write(executor, worker_id, untold)
        told = [event for event in writing.events if event.operation_ord in {None, *written.operations}]
        if told:
            await publish(executor, [event.announcement for event in told])
        return written

    return patch.object(settlement, "write", write_apart)


def take_over_without_asking() -> AbstractContextManager[object]:
    """Send what is READY, also when another one may have sent it."""
    return patch.object(
        turn, "_may_have_been_sent", lambda held: held.operation.state is not OperationState.READY
    )


def call_a_timeout_declined() -> AbstractContextManager[object]:
    """Say "declined" when nobody answered."""
    meaning_of = attempt._meaning_of

    def meaning(error: Any) -> tuple[Verdict, str]:
        verdict, reason = meaning_of(error)
        return (Verdict.DECLINED if verdict is Verdict.UNKNOWN else verdict), reason

    return patch.object(attempt, "_meaning_of", meaning)


def forget_the_query_lag() -> AbstractContextManager[object]:
    """Believe at once that what does not show never arrived."""
    ask = operator.Operator.ask

    async def ask_at_once(self: Any, held: Held) -> Any:
        return await ask(self, replace(held, quiet_seconds=1e9))

    return patch.object(operator.Operator, "ask", ask_at_once)


def commit_before_accepting() -> AbstractContextManager[object]:
    """Commit what was read before anything is done with it."""
    poll = SimulatedConsumer.poll

    async def poll_and_commit(self: SimulatedConsumer, most: int) -> list[SimulatedRecord]:
        records = await poll(self, most)
        await subscriber.commit(self, records)
        return records

    return patch.object(SimulatedConsumer, "poll", poll_and_commit)


def delete_before_publishing() -> AbstractContextManager[object]:
    """Strike events from the outbox before Kafka has them."""

    async def forget(self: Any, outbox: Any, producer: Any) -> None:
        await outbox.take_shards()
        while True:
            pending = await outbox.read(1000)
            await outbox.delete(pending)
            await relay.publish(producer, "events", pending)
            await asyncio.sleep(1.0)

    return patch.object(relay.Relay, "_relay", forget)


def reserve_nothing() -> AbstractContextManager[object]:
    """Grant refunds without holding their money."""
    return patch.object(start, "reserve", lambda trade, _amount: trade)


MUTATIONS: dict[str, Mutation] = {
    one.__name__: one
    for one in (
        send_before_accept_is_durable,
        settle_without_fencing,
        settle_and_tell_apart,
        take_over_without_asking,
        call_a_timeout_declined,
        forget_the_query_lag,
        commit_before_accepting,
        delete_before_publishing,
        reserve_nothing,
    )
}
