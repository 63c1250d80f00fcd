"""A defect: a pay goes to the gateway while the transaction that accepts it is still open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from paybus.execution.operator import Operator
from paybus.execution.turn import Turns
from paybus.intake.intake import Intake
from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Accepted
from paybus.ledger.errors import translated
from paybus.ledger.held import Held
from paybus.telemetry.seam import Seam, reach
from paybus.trades.operation import OperationState
from paybus.trades.outcome import Outcome


class _Alone:
    """One connection that passes for a pool: what is done with it is in its transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self._connection


class _Call:
    """One pay between its call and its acceptance."""

    def __init__(self) -> None:
        self.answered, self.durable = asyncio.Event(), asyncio.Event()


def apply() -> None:
    """Take the order out of `Intake`: durable first, then handed over."""
    calls: dict[int, _Call] = {}
    send, take = Operator.send, Turns.take

    async def send_before_accepting(self: Operator, held: Held) -> Outcome:
        outcome = await send(self, held)
        if call := calls.get(held.operation_id):
            call.answered.set()
            await call.durable.wait()
        return outcome

    async def take_and_say(self: Turns, held: Held) -> None:
        try:
            await take(self, held)
        finally:  # also when nothing had to be sent
            if call := calls.get(held.operation_id):
                call.answered.set()

    async def accept_when_answered(self: Any, batch: Any) -> Accepted:
        async with self.giving:
            reach(Seam.ACCEPT_NOT_COMMITTED)
            with translated():
                async with self.pool.acquire() as connection, connection.transaction():
                    accepted = await accept(
                        _Alone(connection), self.worker_id, batch.acceptances, rejections=batch.rejections
                    )
                    pays = [held for held in accepted.held if held.operation.state is OperationState.READY]
                    calls.update((held.operation_id, _Call()) for held in pays)
                    self.hand_over(pays)
                    await asyncio.gather(*(calls[held.operation_id].answered.wait() for held in pays))
            reach(Seam.ACCEPT_COMMITTED)
            for held in pays:
                calls.pop(held.operation_id).durable.set()
            self.hand_over([held for held in accepted.held if held not in pays])
        return accepted

    Operator.send = send_before_accepting  # type: ignore[method-assign]
    Turns.take = take_and_say  # type: ignore[method-assign]
    Intake._accept = accept_when_answered  # type: ignore[method-assign]
