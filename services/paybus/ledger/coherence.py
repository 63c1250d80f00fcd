"""Checks that the ledger agrees with itself: command, operation, trade, event, outbox.

Each is a query that finds what must not be, over what is open or over the last minutes only, so that it costs
the same in the thousandth day. A trade or operation that is just being written is seen before or after, never
in between; what needs time to come about is given that time.
"""

from dataclasses import dataclass
from typing import Final

from paybus.ledger.errors import translated
from paybus.ledger.pool import Pool

_HOUR: Final = 3600.0
_MINUTE: Final = 60.0
_WINDOW: Final = 15 * _MINUTE
"""How far back finished operations are looked through: each of them some thirty times."""

MOST_OFFENDERS: Final = 10
"""As many are named; the rest are counted."""

MOST_COUNTED: Final = 10_000
"""More than this is a disaster whose number matters no more."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule that must hold. The query gives the name of each offender; `$1` is `seconds`."""

    name: str
    rule: str
    query: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Violation:
    """How often a rule is broken now, and by whom (some of them)."""

    check: str
    count: int
    offenders: tuple[str, ...]


_RECENT: Final = """
SELECT merchant_id, charge_code, version FROM trade JOIN (
    SELECT DISTINCT charge_code, merchant_id FROM operation
    WHERE answered_at > now() - make_interval(secs => $1)
) AS answered USING (charge_code, merchant_id)
"""
CHECKS: Final = (
    Check(
        "answer_missing",
        "a finished operation has an event that answers it, or was withdrawn",
        """
        SELECT kind || ' ' || merchant_id || '/' || key FROM operation o
        WHERE answered_at > now() - make_interval(secs => $1)
          AND reason IS DISTINCT FROM 'withdrawn'
          AND NOT EXISTS (SELECT FROM event e WHERE e.ce_id = o.answer_id)
        """,
        _WINDOW,
    ),
    Check(
        "event_missing",
        "a trade's version is that of its last event",
        f"""
        SELECT t.merchant_id || '/' || t.charge_code FROM ({_RECENT}) AS t
        WHERE t.version > 0 AND NOT EXISTS (
            SELECT FROM event e
            WHERE e.ce_id = t.merchant_id || '/' || t.charge_code || '/' || t.version)
        """,
        _WINDOW,
    ),
    Check(
        "event_ahead",
        "no event has a version that its trade has not reached",
        f"""
        SELECT t.merchant_id || '/' || t.charge_code FROM ({_RECENT}) AS t
        WHERE EXISTS (
            SELECT FROM event e
            WHERE e.ce_id = t.merchant_id || '/' || t.charge_code || '/' || (t.version + 1))
        """,
        _WINDOW,
    ),
    Check(
        "outbox_stuck",
        "an event goes to Kafka within a minute",
        "SELECT ce_id FROM outbox WHERE since < now() - make_interval(secs => $1)",
        _MINUTE,
    ),
    Check(
        "operation_forgotten",
        "an operation that is due is taken in hand within a minute, and one in hand has a living owner",
        """
        SELECT kind || ' ' || merchant_id || '/' || key FROM operation o
        WHERE due_at < now() - make_interval(secs => $1)
           OR owner IS NOT NULL AND NOT EXISTS (
               SELECT FROM worker WHERE worker_id = owner
                 AND coalesce(dead_at, beat_at) > now() - make_interval(secs => $1))
        """,
        _MINUTE,
    ),
    Check(
        "watch_forgotten",
        "a watched trade is asked about when it is due",
        """
        SELECT merchant_id || '/' || charge_code FROM watch
        WHERE due_at < now() - make_interval(secs => $1)
        """,
        5 * _MINUTE,
    ),
    Check(
        "reserved_without_refund",
        "money is reserved by refunds under way, and by all of them",
        """
        SELECT merchant_id || '/' || charge_code FROM (
            SELECT t.merchant_id, t.charge_code, t.reserved_fen, (
                SELECT coalesce(sum(o.amount_fen), 0) FROM operation o
                WHERE (o.charge_code, o.merchant_id) = (t.charge_code, t.merchant_id) AND o.kind = 'refund'
                  AND o.state IN ('ready', 'unknown', 'pending')) AS held_fen
            FROM trade t JOIN (
                SELECT DISTINCT charge_code, merchant_id FROM operation
                WHERE kind = 'refund' AND (owner IS NOT NULL OR due_at IS NOT NULL)
                UNION SELECT charge_code, merchant_id FROM operation
                WHERE kind = 'refund' AND answered_at > now() - make_interval(secs => $1)
            ) AS touched USING (charge_code, merchant_id)
        ) AS held WHERE reserved_fen <> held_fen
        """,
        _WINDOW,
    ),
    Check(
        "cancelling_without_cancel",
        "a trade is being cancelled exactly while its cancel is on its way",
        """
        SELECT merchant_id || '/' || charge_code
        FROM operation o JOIN trade t USING (charge_code, merchant_id)
        WHERE o.kind = 'cancel'
          AND (o.owner IS NOT NULL OR o.due_at IS NOT NULL
               OR o.answered_at > now() - make_interval(secs => $1))
          AND t.cancelling <> (o.state IN ('ready', 'unknown', 'pending'))
        """,
        _WINDOW,
    ),
    Check(
        "pay_open_on_ended_trade",
        "a pay whose trade has its outcome ends within an hour: it is asked about once more",
        """
        SELECT merchant_id || '/' || charge_code
        FROM operation o JOIN trade t USING (charge_code, merchant_id)
        WHERE o.kind = 'pay' AND o.due_at IS NOT NULL AND t.state NOT IN ('accepted', 'unknown')
          AND t.changed_at < now() - make_interval(secs => $1)
        """,
        2 * _HOUR,
    ),
    Check(
        "callback_left_behind",
        "a kept callback is applied within minutes of its trade's coming",
        """
        SELECT merchant_id || '/' || charge_code FROM callback c JOIN trade t USING (charge_code, merchant_id)
        WHERE c.receipt = 'unmatched' AND c.last_at > now() - interval '7 days'
          AND greatest(t.created_at, c.last_at) < now() - make_interval(secs => $1)
        """,
        5 * _MINUTE,
    ),
)
"""Every rule, in the order in which they are looked at."""


async def find_violations(pool: Pool, check: Check) -> Violation:
    """Look whether one rule holds now. Raises LedgerError."""
    counted = f"SELECT * FROM ({check.query}) AS offender (name) LIMIT {MOST_COUNTED}"
    with translated():
        rows = await pool.fetch(counted, check.seconds)
    names = sorted(row["name"] for row in rows)
    return Violation(check.name, len(names), tuple(names[:MOST_OFFENDERS]))
