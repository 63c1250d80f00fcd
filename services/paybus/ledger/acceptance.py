"""accept(): a batch of commands enters the ledger, each at most once, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from paybus.contracts.event import Announcement, reject
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.ledger.announcement import publish
from paybus.ledger.automatic import take_over
from paybus.ledger.errors import translated
from paybus.ledger.held import TRADE_COLUMNS, Held, KnownTrade, identity_of, trade_from
from paybus.ledger.matching import match_unmatched
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind, Operation, OperationState
from paybus.trades.trade import Trade, TradeState

# The trade of a pay is as new as the pay and not looked up (under no code); that of a refund or cancel is.
# What is doubted is nobody's and due: whoever claims it asks first.
_ACCEPT: Final = f"""
WITH incoming AS (
    SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[],
                         $9::bytea[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[],
                         $14::timestamptz[])
        AS i (merchant_id, key, charge_code, method, amount_fen, fingerprint,
              command, traceparent, state, asked_for_at, expires_at, quiet_since)
), accepted AS (
    INSERT INTO operation (merchant_id, kind, key, charge_code, method, amount_fen, fingerprint,
                           command, traceparent, state, owner, due_at, doubted_at, quiet_since,
                           asked_for_at, expires_at)
    SELECT merchant_id, $1, key, charge_code, method, amount_fen, fingerprint,
           command, traceparent, state, CASE WHEN quiet_since IS NULL THEN $2::uuid END,
           CASE WHEN quiet_since IS NOT NULL THEN now() END,
           CASE WHEN quiet_since IS NOT NULL THEN now() END, quiet_since, asked_for_at, expires_at
    FROM incoming ORDER BY merchant_id, key
    ON CONFLICT (merchant_id, kind, key) DO NOTHING
    RETURNING operation_id, merchant_id, key, charge_code, amount_fen
), opened AS (
    INSERT INTO trade (merchant_id, charge_code, state, version, amount_fen,
                       paid_fen, refunded_fen, reserved_fen)
    SELECT merchant_id, charge_code, 'accepted', 0, amount_fen, 0, 0, 0 FROM accepted
    WHERE $1 = 'pay' ORDER BY charge_code, merchant_id
    ON CONFLICT DO NOTHING
)
SELECT a.operation_id, a.merchant_id, a.key, a.charge_code, {TRADE_COLUMNS}
FROM accepted a LEFT JOIN trade t
    ON (t.charge_code, t.merchant_id) = (CASE WHEN $1 <> 'pay' THEN a.charge_code END, a.merchant_id)
"""
# OFFSET 0: one lookup for each, and no look at everything of this kind.
_FIND: Final = """
SELECT i.ord, o.fingerprint, o.answer_id
FROM unnest($2::int[], $3::text[], $4::text[]) AS i (ord, merchant_id, key), LATERAL (
    SELECT fingerprint, answer_id FROM operation
    WHERE (operation.merchant_id, kind, operation.key) = (i.merchant_id, $1, i.key) OFFSET 0
) AS o
"""
KEY_CONFLICT: Final = "key_conflict"

Row = Mapping[str, Any]
Key = tuple[str, str]
"""Merchant and key: what tells the commands of one kind apart."""


async def accept(
    pool: Pool, worker_id: UUID, acceptances: Sequence[Acceptance], *, rejections: Sequence[Announcement] = ()
) -> Accepted:
    """Write a batch of commands of one kind; returns when all of it is durable. Raises LedgerError.

    A command that was accepted before is not accepted again: its answer, if there is one, goes out once
    more. The same key with another content is answered with `command.rejected`.
    """
    firsts, later = _first_of_each_key(acceptances)
    with translated():
        rows = await _insert(pool, worker_id, firsts) if firsts else {}
        entered = [one for one in firsts if _key(one) in rows]
        new = [_held(one, rows[_key(one)]) for one in entered if one.quiet_since is None]
        repeated = [one for one in firsts if _key(one) not in rows] + later
        if repeated and repeated[0].operation.kind is Kind.CANCEL:
            await take_over(pool, repeated)
        answers, conflicts = await _look_up(pool, repeated) if repeated else ([], [])
        if answers or conflicts or rejections:
            await publish(pool, [*conflicts, *rejections], again=answers)
    return Accepted(
        tuple(await _told(pool, new, firsts)),
        len(repeated) - len(conflicts),
        len(conflicts),
        len(entered) - len(new),
    )


async def _told(pool: Pool, new: Sequence[Held], asked: Sequence[Acceptance]) -> list[Held]:
    """Apply callbacks that came before their pay; also of pays accepted before, by one who got no further."""
    pays = [one.operation for one in asked if one.operation.kind is Kind.PAY]
    if not pays:
        return list(new)
    trades = await match_unmatched(pool, [(pay.merchant_id, pay.charge_code) for pay in pays])
    return [
        _told_of(held, trades.get((held.operation.merchant_id, held.operation.charge_code))) for held in new
    ]


def _told_of(held: Held, trade: KnownTrade | None) -> Held:
    if trade is None:
        return held
    # It is not as new as the pay: whether it may be sent is to be asked first.
    return replace(held, trade=trade, operation=replace(held.operation, state=OperationState.WAITING))


def _first_of_each_key(acceptances: Sequence[Acceptance]) -> tuple[list[Acceptance], list[Acceptance]]:
    seen: set[Key] = set()
    firsts: list[Acceptance] = []
    later: list[Acceptance] = []
    for acceptance in acceptances:
        key = _key(acceptance)
        (later if key in seen else firsts).append(acceptance)
        seen.add(key)
    return firsts, later


def _key(acceptance: Acceptance) -> Key:
    return acceptance.operation.merchant_id, acceptance.operation.key


async def _insert(pool: Pool, worker_id: UUID, acceptances: Sequence[Acceptance]) -> dict[Key, Row]:
    operations = [acceptance.operation for acceptance in acceptances]
    rows = await pool.fetch(
        _ACCEPT,
        operations[0].kind.value,
        worker_id,
        [operation.merchant_id for operation in operations],
        [operation.key for operation in operations],
        [operation.charge_code for operation in operations],
        [operation.method for operation in operations],
        [operation.amount_fen for operation in operations],
        [acceptance.fingerprint for acceptance in acceptances],
        [acceptance.command for acceptance in acceptances],
        [acceptance.traceparent for acceptance in acceptances],
        [operation.state for operation in operations],
        [acceptance.asked_for_at for acceptance in acceptances],
        [acceptance.expires_at for acceptance in acceptances],
        [acceptance.quiet_since for acceptance in acceptances],
    )
    return {(row["merchant_id"], row["key"]): row for row in rows}


async def _look_up(
    pool: Pool, repeated: Sequence[Acceptance]
) -> tuple[list[tuple[str, str]], list[Announcement]]:
    """Give the answers (event id, charge code) to be sent again, and rejections of conflicting commands."""
    operations = [acceptance.operation for acceptance in repeated]
    rows = await pool.fetch(
        _FIND,
        operations[0].kind.value,
        range(len(operations)),
        [operation.merchant_id for operation in operations],
        [operation.key for operation in operations],
    )
    answers: list[tuple[str, str]] = []
    conflicts: list[Announcement] = []
    for row in rows:
        acceptance = repeated[row["ord"]]
        if row["fingerprint"] != acceptance.fingerprint:
            conflicts.append(_conflict(acceptance))
        elif row["answer_id"] is not None:
            answers.append((row["answer_id"], acceptance.operation.charge_code))
    return answers, conflicts


def _conflict(acceptance: Acceptance) -> Announcement:
    operation = acceptance.operation
    message = (
        f"there was another {operation.kind} command with the key {operation.key} and another content;"
        " it stands. Ask for something else under a new key"
    )
    return reject(
        operation.kind,
        identity_of(operation),
        reason=KEY_CONFLICT,
        message=message,
        fingerprint=acceptance.fingerprint,
        traceparent=acceptance.traceparent,
    )


def _held(acceptance: Acceptance, row: Row) -> Held:
    operation = acceptance.operation
    if operation.kind is Kind.PAY:
        trade: KnownTrade | None = _opened(operation)
    else:
        trade = None if row["trade_state"] is None else trade_from(row)
    return Held(
        operation_id=row["operation_id"],
        operation=operation,
        command=acceptance.command,
        fingerprint=acceptance.fingerprint,
        traceparent=acceptance.traceparent,
        expires_at=acceptance.expires_at,
        trade=trade,
    )


def _opened(operation: Operation) -> KnownTrade:
    trade = Trade(
        merchant_id=operation.merchant_id,
        charge_code=operation.charge_code,
        state=TradeState.ACCEPTED,
        version=0,
        amount_fen=operation.amount_fen,
    )
    return KnownTrade(trade=trade, revision=0)
