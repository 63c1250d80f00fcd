"""What the ledger knows of dead letters that are sent again: how often, and what stands under their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from paybus.contracts.dead_letter import Origin
from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool
from paybus.trades.operation import Operation, OperationState

_COUNTS: Final = """
SELECT i.ord, r.times
FROM unnest($1::int[], $2::text[], $3::int[], $4::bigint[], $5::bigint[])
    AS i (ord, topic, partition, record_offset, timestamp_ms)
JOIN replay r USING (topic, partition, record_offset, timestamp_ms)
"""
_COUNT: Final = """
INSERT INTO replay (topic, partition, record_offset, timestamp_ms, times) VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (topic, partition, record_offset, timestamp_ms)
    DO UPDATE SET times = replay.times + 1, last_at = now() WHERE replay.times = $5
RETURNING times
"""
_STANDING: Final = """
SELECT fingerprint, state, answer_id FROM operation WHERE (merchant_id, kind, key) = ($1, $2, $3)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The command that was accepted under a key, and the event that answered it."""

    fingerprint: bytes
    state: OperationState
    answer_id: str | None


async def count_replays(pool: Pool, origins: Sequence[Origin]) -> dict[Origin, int]:
    """Give how often each of *origins* was sent again; those that never were are left out.

    Raises LedgerError.
    """
    with translated():
        rows = await pool.fetch(
            _COUNTS,
            range(len(origins)),
            [origin.topic for origin in origins],
            [origin.partition for origin in origins],
            [origin.offset for origin in origins],
            [origin.timestamp_ms for origin in origins],
        )
    return {origins[row["ord"]]: row["times"] for row in rows}


async def note_replay(pool: Pool, origin: Origin, *, before: int) -> bool:
    """Count one more, to be called before it is sent; False if it is not *before* times any more.

    Then somebody else sends it again at this moment. Raises LedgerError.
    """
    place = (origin.topic, origin.partition, origin.offset, origin.timestamp_ms)
    with translated():
        return await pool.fetchrow(_COUNT, *place, before) is not None


async def standing_of(pool: Pool, operation: Operation) -> Standing | None:
    """Give what stands under the key of *operation*; None if the key is free. Raises LedgerError."""
    with translated():
        row = await pool.fetchrow(_STANDING, operation.merchant_id, operation.kind.value, operation.key)
    return row and Standing(row["fingerprint"], OperationState(row["state"]), row["answer_id"])
