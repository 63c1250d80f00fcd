"""Events on their way out: written for what happened, or put there by themselves."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from paybus.contracts.event import Announcement, announce
from paybus.ledger.errors import translated
from paybus.ledger.pool import Executor
from paybus.ledger.shard import shard_of
from paybus.trades.happening import Happening
from paybus.trades.operation import Operation
from paybus.trades.outcome import Outcome
from paybus.trades.trade import Trade

# An event that is there already stays as it is, so that a repeat has the same bytes and the same time.
_PUBLISH: Final = """
WITH kept AS (
    INSERT INTO event (ce_id, ce_type, charge_code, value, traceparent)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[]) ORDER BY 1
    ON CONFLICT (ce_id) DO NOTHING
), queued AS (
    INSERT INTO outbox (shard, ce_id) SELECT * FROM unnest($6::smallint[], $7::text[])
)
SELECT pg_notify('paybus_outbox', '') WHERE EXISTS (SELECT FROM relay WHERE asleep)
"""


def announce_all(
    happenings: Sequence[Happening], trade: Trade, *, operation: Operation | None, outcome: Outcome
) -> list[Announcement]:
    """Write the events for *happenings*; *trade* is as it is after the last one, and has its version."""
    first = trade.version - len(happenings) + 1
    return [
        announce(
            happening,
            trade if version == trade.version else replace(trade, version=version),
            operation=operation,
            outcome=outcome,
        )
        for version, happening in enumerate(happenings, first)
    ]


async def publish(
    executor: Executor, announcements: Sequence[Announcement], *, again: Sequence[tuple[str, str]] = ()
) -> None:
    """Put *announcements* into the outbox, and the events *again* (id, charge code) that were sent before.

    Raises LedgerError.
    """
    distinct = {announcement.ce_id: announcement for announcement in announcements}
    queue = [*((one.ce_id, one.charge_code) for one in announcements), *again]
    with translated():
        await executor.fetch(
            _PUBLISH,
            list(distinct),
            [announcement.ce_type for announcement in distinct.values()],
            [announcement.charge_code for announcement in distinct.values()],
            [announcement.value for announcement in distinct.values()],
            [announcement.traceparent for announcement in distinct.values()],
            [shard_of(charge_code) for _, charge_code in queue],
            [ce_id for ce_id, _ in queue],
        )
