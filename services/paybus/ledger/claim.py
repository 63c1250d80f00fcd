"""Taking operations in hand that are due, and giving them back."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from paybus.ledger.errors import translated
from paybus.ledger.held import OPERATION_COLUMNS, TRADE_COLUMNS, Held, held_from
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind

# SKIP LOCKED: what another worker is taking at this moment is not waited for.
_CLAIM: Final = f"""
WITH due AS (
    SELECT operation_id AS due_id FROM operation WHERE kind = $1 AND due_at <= now()
    ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
    UPDATE operation SET owner = $2, turn = turn + 1, due_at = NULL FROM due WHERE operation_id = due_id
    RETURNING {OPERATION_COLUMNS}
)
SELECT o.*, {TRADE_COLUMNS},
       extract(epoch FROM now() - o.quiet_since)::float8 AS quiet_seconds,
       extract(epoch FROM now() - coalesce(o.doubted_at, o.accepted_at))::float8 AS waited_seconds
FROM claimed o LEFT JOIN trade t USING (charge_code, merchant_id) ORDER BY operation_id
"""
# READY may have been sent, and a call that was cut off may still leave the engine for as long as connecting
# takes. Of the others nothing is on its way: whoever takes them may begin at once.
_RELEASE: Final = """
WITH all_ours AS (
    SELECT operation_id FROM operation WHERE owner = $1 AND $2::bigint[] IS NULL
    ORDER BY operation_id FOR NO KEY UPDATE
), some_of_ours AS (
    SELECT operation_id FROM operation
    WHERE operation_id = ANY($2::bigint[]) AND owner IS NOT DISTINCT FROM $1
    ORDER BY operation_id FOR NO KEY UPDATE
), ours AS (
    SELECT operation_id AS our_id FROM all_ours UNION ALL SELECT operation_id FROM some_of_ours
)
UPDATE operation SET owner = NULL, turn = turn + 1,
    due_at = now() + CASE WHEN state = 'ready'
                     THEN make_interval(secs => $3::float8 + $4::float8) ELSE '0' END,
    quiet_since = CASE WHEN state = 'ready'
                  THEN greatest(quiet_since, now() + make_interval(secs => $3)) ELSE quiet_since END
FROM ours WHERE operation_id = our_id
"""
_OPEN: Final = """
SELECT count(*) FROM (
    SELECT FROM operation
    WHERE kind = $1 AND due_at IS NOT NULL AND state IN ('waiting', 'ready') AND doubted_at IS NULL LIMIT $2
) AS waiting
"""


async def claim_due(pool: Pool, worker_id: UUID, kind: Kind, *, most: int) -> list[Held]:
    """Take up to *most* operations of *kind* that are due, the longest due first, in the order of acceptance.

    Raises LedgerError.
    """
    with translated():
        return [held_from(row) for row in await pool.fetch(_CLAIM, kind.value, worker_id, most)]


async def release(
    pool: Pool,
    worker_id: UUID,
    operation_ids: Sequence[int] | None,
    *,
    cut_off_seconds: float,
    lag_seconds: float,
) -> None:
    """Give operations back (None: all of this worker's); one that may have been sent is asked about first.

    *cut_off_seconds* is how long a call that was cut off can still leave; *lag_seconds* how long the gateway
    may not show it. Raises LedgerError.
    """
    with translated():
        await pool.execute(_RELEASE, worker_id, operation_ids, cut_off_seconds, lag_seconds)


async def count_waiting(pool: Pool, kind: Kind, *, most: int) -> int:
    """Count the operations of *kind* that wait to be sent, up to *most*. Raises LedgerError.

    Those that are only asked about, at longer and longer intervals, are none of them.
    """
    with translated():
        return int(await pool.fetchval(_OPEN, kind.value, most))
