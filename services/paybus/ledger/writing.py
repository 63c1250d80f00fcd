"""The one statement that changes operations, trades and events together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from paybus.contracts.event import Announcement
from paybus.ledger.pool import Executor
from paybus.ledger.shard import shard_of
from paybus.telemetry.seam import Seam, reach
from paybus.trades.trade import Trade

# An operation is written only while $1 owns it in the turn it was taken in, a trade only if nobody wrote it
# since it was read, and neither without the other: `free` wants all operations of its trade among `held`.
# Rows are locked in the order of their keys before anything is written: operations first, then trades.
# (IS NOT DISTINCT FROM cannot be looked up by an index: of the owner's, who may hold thousands.)
_WRITE: Final = """
WITH op AS (
    SELECT * FROM unnest($2::int[], $3::bigint[], $4::int[], $5::text[], $6::int[], $7::float8[], $8::text[],
                         $9::text[], $10::text[], $11::text[], $12::float8[], $13::bool[], $14::int[])
        AS o (ord, operation_id, turn, state, asked, due_seconds, reply_code,
              return_code, reason, answer_id, quiet_seconds, doubted, trade_ord)
), tr AS (
    SELECT * FROM unnest($15::int[], $16::text[], $17::text[], $18::bigint[], $19::text[], $20::int[],
                         $21::bigint[], $22::bigint[], $23::bigint[], $24::bool[], $25::text[], $26::text[],
                         $27::int[])
        AS t (ord, merchant_id, charge_code, revision, state, version, paid_fen, refunded_fen, reserved_fen,
              cancelling, down_code, third_code, channel_type)
), held AS (
    SELECT op.ord FROM operation JOIN op USING (operation_id)
    WHERE operation.owner IS NOT DISTINCT FROM $1 AND operation.turn = op.turn
    ORDER BY operation_id FOR NO KEY UPDATE OF operation
), free AS (
    SELECT tr.ord FROM trade JOIN tr USING (charge_code, merchant_id)
    WHERE trade.revision = tr.revision
      AND tr.ord <> ALL (ARRAY(SELECT trade_ord FROM op WHERE trade_ord IS NOT NULL
                               AND ord <> ALL (ARRAY(SELECT ord FROM held))))
    ORDER BY charge_code, merchant_id FOR NO KEY UPDATE OF trade
), moved AS (
    UPDATE trade SET state = tr.state, version = tr.version, revision = trade.revision + 1,
        paid_fen = tr.paid_fen, refunded_fen = tr.refunded_fen, reserved_fen = tr.reserved_fen,
        cancelling = tr.cancelling, down_code = tr.down_code, third_code = tr.third_code,
        channel_type = tr.channel_type, changed_at = now()
    FROM tr WHERE (trade.charge_code, trade.merchant_id) = (tr.charge_code, tr.merchant_id)
      AND tr.ord = ANY (ARRAY(SELECT ord FROM free))
    RETURNING tr.ord
), settled AS (
    UPDATE operation SET state = op.state, turn = operation.turn + 1, asked = op.asked,
        owner = CASE WHEN op.state = 'ready' THEN owner END,
        due_at = CASE WHEN op.state NOT IN ('ready', 'done', 'rejected')
                      THEN now() + make_interval(secs => op.due_seconds) END,
        reply_code = CASE WHEN op.state <> 'ready' THEN coalesce(op.reply_code, operation.reply_code) END,
        return_code = coalesce(op.return_code, operation.return_code),
        reason = op.reason, answer_id = op.answer_id,
        quiet_since = coalesce(now() + make_interval(secs => op.quiet_seconds), quiet_since),
        doubted_at = CASE WHEN op.doubted THEN doubted_at END,
        answered_at = CASE WHEN op.state IN ('done', 'rejected') THEN now() END
    FROM op WHERE operation.operation_id = op.operation_id AND op.ord = ANY (ARRAY(SELECT ord FROM held))
      AND (op.trade_ord IS NULL OR op.trade_ord = ANY (ARRAY(SELECT ord FROM moved)))
    RETURNING op.ord
), announced AS (
    SELECT e.* FROM unnest($28::int[], $29::int[], $30::text[], $31::text[], $32::text[], $33::text[],
                           $34::bytea[], $35::smallint[])
        WITH ORDINALITY AS e (op_ord, trade_ord, ce_id, ce_type, charge_code, traceparent, value, shard, nth)
    WHERE (op_ord IS NULL OR op_ord = ANY (ARRAY(SELECT ord FROM settled)))
      AND (trade_ord IS NULL OR trade_ord = ANY (ARRAY(SELECT ord FROM moved)))
), kept AS (
    INSERT INTO event (ce_id, ce_type, charge_code, traceparent, value)
    SELECT ce_id, ce_type, charge_code, traceparent, value FROM announced ON CONFLICT (ce_id) DO NOTHING
), queued AS (
    INSERT INTO outbox (shard, ce_id) SELECT shard, ce_id FROM announced ORDER BY nth
), woken AS (
    SELECT pg_notify('paybus_outbox', '')
    WHERE EXISTS (SELECT FROM relay WHERE asleep) AND EXISTS (SELECT FROM announced)
)
SELECT array(SELECT ord FROM settled) AS operations, array(SELECT ord FROM moved) AS trades,
       (SELECT count(*) FROM woken)
"""


_TRADE_WIDTH: Final = 12  # columns of `tr` and of `announced`, without `ord`
_EVENT_WIDTH: Final = 8


class OperationWrite(NamedTuple):
    """An operation's next state. `trade_ord` is the trade that must be written with it, if any.

    `quiet_seconds` is when a request for it that is over will have shown itself; None if there was none.
    `doubted` leaves it as doubted as it was; otherwise it is not any more.
    """

    operation_id: int
    turn: int
    state: str
    asked: int
    due_seconds: float | None
    reply_code: str | None
    return_code: str | None
    reason: str | None
    answer_id: str | None
    quiet_seconds: float | None
    doubted: bool
    trade_ord: int | None


class TradeWrite(NamedTuple):
    """A trade as it shall be, if its revision still is the one it was read with."""

    trade: Trade
    revision: int


class EventWrite(NamedTuple):
    """An event that goes out if the operation and the trade it belongs to are written."""

    announcement: Announcement
    traceparent: str | None
    operation_ord: int | None
    trade_ord: int | None


@dataclass(slots=True)
class Writing:
    """What one statement is to write; the positions in the lists are the numbers they refer to."""

    operations: list[OperationWrite] = field(default_factory=list)
    trades: list[TradeWrite] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """The positions of what was written."""

    operations: frozenset[int]
    trades: frozenset[int]


async def write(executor: Executor, worker_id: UUID | None, writing: Writing) -> Written:
    """Write what can be written and say what that was; the rest is as it was before."""
    if not writing.operations and not writing.trades:
        return Written(frozenset(), frozenset())
    row = await executor.fetchrow(
        _WRITE,
        worker_id,
        range(len(writing.operations)),
        *_columns(writing.operations, len(OperationWrite._fields)),
        range(len(writing.trades)),
        *_columns([_trade_row(one) for one in writing.trades], _TRADE_WIDTH),
        *_columns([_event_row(one) for one in writing.events], _EVENT_WIDTH),
    )
    if worker_id is not None and any(one.answer_id for one in writing.operations):
        reach(Seam.SETTLE_WRITTEN)
    return Written(frozenset(row["operations"]), frozenset(row["trades"]))


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _trade_row(write: TradeWrite) -> tuple[Any, ...]:
    trade = write.trade
    return (
        trade.merchant_id,
        trade.charge_code,
        write.revision,
        trade.state,
        trade.version,
        trade.paid_fen,
        trade.refunded_fen,
        trade.reserved_fen,
        trade.cancelling,
        trade.down_code,
        trade.third_code,
        trade.channel_type,
    )


def _event_row(write: EventWrite) -> tuple[Any, ...]:
    one = write.announcement
    return (
        write.operation_ord,
        write.trade_ord,
        one.ce_id,
        one.ce_type,
        one.charge_code,
        write.traceparent,
        one.value,
        shard_of(one.charge_code),
    )
