"""A ledger that was restored to a past moment: what is open in it may have been sent since.

So may what is read from Kafka again. For none of it anything is sent before the gateway was asked. READY,
UNKNOWN and PENDING are asked about anyway, but would be believed to be quiet too early; what is WAITING is
marked as doubted (docs/adr/0019-a-restored-ledger-asks-first.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paybus.ledger.errors import LedgerInUseError, translated
from paybus.ledger.pool import Pool

_ALONE: Final = "LOCK TABLE worker IN SHARE ROW EXCLUSIVE MODE"
_ALIVE: Final = """
SELECT DISTINCT service FROM worker
WHERE dead_at IS NULL AND beat_at > clock_timestamp() - make_interval(secs => $1) ORDER BY service
"""
_BURY: Final = "UPDATE worker SET dead_at = clock_timestamp() WHERE dead_at IS NULL"
_OPEN: Final = """
SELECT kind, state, count(*) AS count, sum(amount_fen)::bigint AS amount_fen
FROM operation WHERE owner IS NOT NULL OR due_at IS NOT NULL GROUP BY kind, state ORDER BY kind, state
"""
_DOUBT: Final = """
WITH doubted AS (
    UPDATE operation SET turn = turn + 1, owner = NULL, due_at = now(), asked = 0,
        quiet_since = greatest(quiet_since, now() + make_interval(secs => $1)),
        doubted_at = CASE WHEN state = 'waiting' THEN now() END,
        reply_code = CASE WHEN state <> 'waiting' THEN reply_code END
    WHERE owner IS NOT NULL OR due_at IS NOT NULL
    RETURNING kind, state, amount_fen
)
SELECT kind, state, count(*) AS count, sum(amount_fen)::bigint AS amount_fen
FROM doubted GROUP BY kind, state ORDER BY kind, state
"""
_DOUBT_RECORDS: Final = """
INSERT INTO doubted_record (topic, partition, until_offset, quiet_since)
SELECT topic, partition, until_offset, now() + make_interval(secs => $4)
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS i (topic, partition, until_offset)
ON CONFLICT (topic, partition) DO UPDATE
    SET until_offset = greatest(doubted_record.until_offset, excluded.until_offset),
        quiet_since = greatest(doubted_record.quiet_since, excluded.quiet_since)
"""
_DOUBTS: Final = "SELECT partition, until_offset, quiet_since FROM doubted_record WHERE topic = $1"


@dataclass(frozen=True, slots=True)
class End:
    """Where a partition of a command topic ends."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Doubted:
    """How many operations of one kind and state there are to be asked about, and their money."""

    kind: str
    state: str
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """Which records of a partition the lost ledger may have accepted: those below an offset."""

    until_offset: int
    quiet_since: datetime

    def of(self, offset: int) -> datetime | None:
        """Give since when it is quiet about the record at *offset*; None for one that is new."""
        return self.quiet_since if offset < self.until_offset else None


async def doubt_everything(
    pool: Pool, ends: Sequence[End], *, lease_seconds: float, hung_seconds: float
) -> list[Doubted]:
    """Have asked about first whatever is open, and every record below *ends*; gives what was open.

    In one transaction, and only while no worker has a live heartbeat by the ledger's clock: whoever enrolls
    meanwhile waits, and those who are silent are dead from now on. What was sent before now may show itself
    at the gateway until *hung_seconds* from now. Raises LedgerInUseError, LedgerError.
    """
    with translated():
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE)
            if alive := await connection.fetch(_ALIVE, lease_seconds):
                raise LedgerInUseError(", ".join(row["service"] for row in alive))
            await connection.execute(_BURY)
            rows = await connection.fetch(_DOUBT, hung_seconds)
            await connection.execute(
                _DOUBT_RECORDS,
                [end.topic for end in ends],
                [end.partition for end in ends],
                [end.offset for end in ends],
                hung_seconds,
            )
    return [Doubted(*row.values()) for row in rows]


async def living_services(pool: Pool, *, lease_seconds: float) -> list[str]:
    """Give the services of which a worker has a live heartbeat. Raises LedgerError."""
    with translated():
        return [row["service"] for row in await pool.fetch(_ALIVE, lease_seconds)]


async def open_operations(pool: Pool) -> list[Doubted]:
    """Give what would be asked about. Raises LedgerError."""
    with translated():
        return [Doubted(*row.values()) for row in await pool.fetch(_OPEN)]


async def doubts_about(pool: Pool, topic: str) -> Mapping[int, Doubt]:
    """Give by partition which records of *topic* are doubted; to be asked after the worker has enrolled.

    Raises LedgerError.
    """
    with translated():
        rows = await pool.fetch(_DOUBTS, topic)
    return {row["partition"]: Doubt(row["until_offset"], row["quiet_since"]) for row in rows}
