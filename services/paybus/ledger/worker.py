"""Who is alive: workers beat in the ledger, on its clock, and the operations of the dead become due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool

_TIME: Final = "SELECT clock_timestamp()"
_BEAT: Final = "UPDATE worker SET beat_at = clock_timestamp() WHERE worker_id = $1 AND dead_at IS NULL"
_END: Final = "UPDATE worker SET dead_at = clock_timestamp() WHERE worker_id = $1 AND dead_at IS NULL"
# A judgement that had to wait for a lock, or meets a clock that was moved, is none: all seem to be silent.
_BURY: Final = """
UPDATE worker SET dead_at = clock_timestamp()
WHERE service = $1 AND dead_at IS NULL AND beat_at < clock_timestamp() - make_interval(secs => $2)
  AND ($3::timestamptz IS NULL OR clock_timestamp() <= $3)
"""
# READY may have been sent until the dead one stopped sending; WAITING certainly was not. The rest was asked
# about, which can be done again at any time. What somebody is writing at this moment is left for next time.
_FREE: Final = """
WITH orphan AS (
    SELECT operation_id AS orphan_id, beat_at FROM operation JOIN worker ON worker_id = owner
    WHERE service = $1 AND dead_at IS NOT NULL
    ORDER BY operation_id FOR NO KEY UPDATE OF operation SKIP LOCKED
)
UPDATE operation SET owner = NULL, turn = turn + 1,
    quiet_since = CASE WHEN state = 'ready'
        THEN greatest(quiet_since, beat_at + make_interval(secs => $2)) ELSE quiet_since END,
    due_at = CASE WHEN state = 'ready'
        THEN greatest(now(), beat_at + make_interval(secs => $2 + $3)) ELSE now() END
FROM orphan WHERE operation_id = orphan_id
"""
# A process that slept for days may still write one batch in its name before it learns that it is dead.
_FORGET: Final = """
DELETE FROM worker WHERE service = $1 AND dead_at < now() - interval '30 days'
    AND NOT EXISTS (SELECT FROM operation WHERE owner = worker_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """How long a worker may be silent.

    It stops sending when `fence_seconds` have passed since it began its last successful beat; others take
    over `lease_seconds` after that beat. Between the two lies what a request needs to leave the process.
    """

    beat_seconds: float = 1.0
    fence_seconds: float = 3.5
    lease_seconds: float = 5.0


async def enroll(pool: Pool, worker_id: UUID, service: str) -> None:
    """Begin to live. Raises LedgerError."""
    with translated():
        await pool.execute("INSERT INTO worker (worker_id, service) VALUES ($1, $2)", worker_id, service)


async def beat(pool: Pool, worker_id: UUID) -> bool:
    """Say that the worker lives; False if it has been declared dead, for good. Raises LedgerError."""
    with translated():
        return str(await pool.execute(_BEAT, worker_id)) == "UPDATE 1"


async def end(pool: Pool, worker_id: UUID) -> None:
    """Say that the worker stops. Raises LedgerError."""
    with translated():
        await pool.execute(_END, worker_id)


async def ledger_time(pool: Pool) -> datetime:
    """Ask the ledger for the time. Raises LedgerError."""
    with translated():
        told: datetime = await pool.fetchval(_TIME)
    return told


async def free_orphans(
    pool: Pool, service: str, *, lease: Lease, lag_seconds: float, no_later: datetime | None = None
) -> int:
    """Declare silent workers of *service* dead and make their operations due; gives how many those are.

    *lag_seconds* is how long the gateway may not show a request that reached it. Nobody is declared dead when
    the ledger's clock is past *no_later*. Raises LedgerError.
    """
    with translated():
        await pool.execute(_BURY, service, lease.lease_seconds, no_later)
        freed = await pool.execute(_FREE, service, lease.fence_seconds, lag_seconds)
        await pool.execute(_FORGET, service)
    return int(str(freed).rpartition(" ")[2])
