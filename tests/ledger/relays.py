"""Relays on connections of their own, and an event to be relayed."""

from collections.abc import Callable, Coroutine
from typing import Any

from tests.ledger.house import pay

from paybus.contracts.event import Announcement, reject
from paybus.ledger.held import identity_of
from paybus.ledger.outbox import Outbox
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind

Open = Callable[[], Coroutine[Any, Any, Outbox]]


async def ends(pool: Pool, relay: Outbox) -> None:
    """Cut off a relay's connection, and return when its session has gone."""
    pid = relay._connection.get_server_pid()
    assert await pool.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)


def a_rejection(charge_code: str) -> Announcement:
    """Give an event that belongs to no change of a trade."""
    identity = identity_of(pay(charge_code).operation)
    return reject(Kind.PAY, identity, reason="expired", message="no", fingerprint=b"1")
