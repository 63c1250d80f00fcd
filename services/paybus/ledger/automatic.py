"""Operations that nobody asked for: they enter the ledger here, and are carried out like any other.

Each has the key of the command that a person would have sent, so it exists once, whoever is first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from paybus.contracts.automatic import cancel_overdue, refund_late_charge
from paybus.contracts.command import Command, amount_of, encode, fingerprint, method_of
from paybus.ledger.errors import translated
from paybus.ledger.pool import Executor, Pool
from paybus.ledger.trade_lock import Place
from paybus.trades.start import WITHDRAWN
from paybus.trades.trade import Trade

if TYPE_CHECKING:
    from paybus.ledger.accepted import Acceptance

# Past the deadline nothing is sent for the pay any more, so what is unknown of it can only be asked about.
_OVERDUE: Final = """
SELECT o.merchant_id, o.charge_code, o.traceparent
FROM operation o JOIN trade t USING (charge_code, merchant_id)
WHERE o.kind = 'pay' AND o.due_at IS NOT NULL AND o.method = 'barcode' AND o.state IN ('unknown', 'pending')
  AND o.expires_at <= now() - make_interval(secs => $1) AND t.state IN ('accepted', 'unknown')
  AND NOT EXISTS (
      SELECT FROM operation c WHERE (c.merchant_id, c.kind, c.key) = (o.merchant_id, 'cancel', o.key)
        AND (c.overdue OR c.state <> 'waiting'))
ORDER BY o.merchant_id, o.charge_code LIMIT $2
"""
# A cancel that somebody asked for and that waits for its pay stays his, and need not wait any longer.
# A ledger that was restored may have forgotten that it wished the same before.
_ADD: Final = """
INSERT INTO operation (merchant_id, kind, key, charge_code, method, amount_fen, fingerprint, command,
                       traceparent, state, due_at, asked_for_at, automatic, overdue, quiet_since, doubted_at)
SELECT merchant_id, kind, key, charge_code, method, amount_fen, fingerprint, command, traceparent,
       'waiting', now(), now(), true, kind = 'cancel', lost.quiet_since,
       CASE WHEN lost.quiet_since IS NOT NULL THEN now() END
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[],
            $8::bytea[], $9::text[])
    AS i (merchant_id, kind, key, charge_code, method, amount_fen, fingerprint, command, traceparent),
    (SELECT max(quiet_since) AS quiet_since FROM doubted_record) AS lost
ORDER BY merchant_id, kind, key
ON CONFLICT (merchant_id, kind, key) DO UPDATE
    SET overdue = true, due_at = CASE WHEN operation.owner IS NULL THEN now() END
    WHERE operation.kind = 'cancel' AND operation.state = 'waiting' AND NOT operation.overdue
RETURNING merchant_id, charge_code
"""
# Who asks for a cancel that we had in mind takes it over: his command counts from now on, and it will not be
# withdrawn. Its turn ends, so whoever holds it decides nothing any more.
_TAKE_OVER: Final = """
UPDATE operation SET automatic = false, state = 'waiting', turn = turn + 1, owner = NULL, due_at = now(),
    asked = 0, method = i.method, fingerprint = i.fingerprint, command = i.command,
    traceparent = i.traceparent, asked_for_at = i.asked_for_at, expires_at = i.expires_at, reason = NULL,
    answered_at = NULL, answer_id = NULL, quiet_since = greatest(operation.quiet_since, i.quiet_since),
    doubted_at = CASE WHEN i.quiet_since IS NOT NULL THEN now() ELSE operation.doubted_at END
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::timestamptz[],
            $8::timestamptz[], $9::timestamptz[])
    AS i (merchant_id, key, method, fingerprint, command, traceparent, asked_for_at, expires_at, quiet_since)
WHERE (operation.merchant_id, operation.kind, operation.key) = (i.merchant_id, 'cancel', i.key) AND automatic
  AND (state = 'waiting' OR state = 'rejected' AND reason = $10)
"""
# One that is on its way stays on its way, and is his if it asks for the same.
_JOIN: Final = """
UPDATE operation SET automatic = false
FROM unnest($1::text[], $2::text[], $3::bytea[]) AS i (merchant_id, key, fingerprint)
WHERE (operation.merchant_id, operation.kind, operation.key) = (i.merchant_id, 'cancel', i.key) AND automatic
  AND operation.fingerprint = i.fingerprint AND state IN ('ready', 'unknown', 'pending')
"""


@dataclass(frozen=True, slots=True)
class _Wish:
    command: Command
    traceparent: str | None = None


async def cancel_overdue_pays(pool: Pool, *, grace_seconds: float, most: int) -> list[Place]:
    """Have barcode payments cancelled that are unpaid *grace_seconds* after their expiry; give those trades.

    A pay whose outcome is told meanwhile is not cancelled: the cancel decides on the trade as it is then.
    Raises LedgerError.
    """
    with translated():
        rows = await pool.fetch(_OVERDUE, grace_seconds, most)
        wishes = [
            _Wish(cancel_overdue(row["merchant_id"], row["charge_code"]), row["traceparent"]) for row in rows
        ]
        added = await _add(pool, wishes) if wishes else []
    return [(row["merchant_id"], row["charge_code"]) for row in added]


async def refund_charge(executor: Executor, trade: Trade, traceparent: str | None) -> bool:
    """Have all of a late charge refunded, in the transaction that writes it; say whether that is new."""
    return bool(await _add(executor, [_Wish(refund_late_charge(trade), traceparent)]))


async def take_over(executor: Executor, asked: "Sequence[Acceptance]") -> None:
    """Give automatic cancels to those who have *asked* for the same; of what is answered, nothing changes."""
    merchant_ids = [one.operation.merchant_id for one in asked]
    keys = [one.operation.key for one in asked]
    fingerprints = [one.fingerprint for one in asked]
    await executor.fetch(
        _TAKE_OVER,
        merchant_ids,
        keys,
        [one.operation.method.value for one in asked],
        fingerprints,
        [one.command for one in asked],
        [one.traceparent for one in asked],
        [one.asked_for_at for one in asked],
        [one.expires_at for one in asked],
        [one.quiet_since for one in asked],
        WITHDRAWN,
    )
    await executor.fetch(_JOIN, merchant_ids, keys, fingerprints)


async def _add(executor: Executor, wishes: Sequence[_Wish]) -> Sequence[Mapping[str, Any]]:
    commands = [wish.command for wish in wishes]
    rows: Sequence[Mapping[str, Any]] = await executor.fetch(
        _ADD,
        [command.merchant_id for command in commands],
        [command.KIND.value for command in commands],
        [command.key for command in commands],
        [command.charge_code for command in commands],
        [method_of(command).value for command in commands],
        [amount_of(command) for command in commands],
        [fingerprint(command) for command in commands],
        [encode(command) for command in commands],
        [wish.traceparent for wish in wishes],
    )
    return rows
