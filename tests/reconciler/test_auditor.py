"""The auditor: each rule of the ledger, broken on purpose, and none of them by what is right."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry
import pytest
from tests.ledger.house import (
    UNKNOWN,
    asks,
    cancel,
    concluded,
    hand,
    hears,
    paid,
    pay,
    refund,
    said,
    started,
    told,
)
from tests.reconciler.house import ID

from paybus.ledger.coherence import CHECKS, MOST_OFFENDERS, find_violations
from paybus.ledger.pool import Pool
from paybus.reconciler.auditor import Auditor
from paybus.telemetry.metrics.reconciler import COHERENCE_CHECKS, CoherenceMetrics
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict


async def _a_busy_ledger(pool: Pool) -> None:
    """Have trades in many states, reached by the ways that are right."""
    await paid(pool, "C1", "C2", "C3", "C4")
    await hears(pool, told("C9"))
    payer = await hand(pool, Kind.PAY)
    unknown, declined = await payer.holds(pay("C5"), pay("C6"))
    await payer.settles(concluded(unknown, UNKNOWN), concluded(declined, said(Verdict.DECLINED)))
    refunder = await hand(pool, Kind.REFUND)
    done, open_ = await refunder.granted(refund("R1", code="C1"), refund("R2", code="C2"))
    await refunder.settles(concluded(done), concluded(open_, UNKNOWN))
    canceller = await hand(pool, Kind.CANCEL)
    off, pending = await canceller.granted(cancel("C3"), cancel("C4"))
    await canceller.settles(concluded(off), concluded(pending, UNKNOWN))
    (waiting,) = await canceller.holds(cancel("C5"))
    await canceller.settles(started(waiting))
    await payer.holds(pay("C7"))


async def _violations(pool: Pool) -> dict[str, tuple[int, tuple[str, ...]]]:
    found = [await find_violations(pool, check) for check in CHECKS]
    return {one.check: (one.count, one.offenders) for one in found if one.count}


@dataclass(frozen=True)
class Damage:
    """Something that must never be, and whose name the check gives."""

    check: str
    offender: str
    statement: str


def _of(code: str) -> str:
    return f"{ID}/{code}"


DAMAGES = (
    Damage("answer_missing", f"pay {_of('C1')}", "UPDATE operation SET answer_id = NULL WHERE key = 'C1'"),
    Damage("answer_missing", f"pay {_of('C6')}", "DELETE FROM event WHERE ce_id LIKE '%/C6/1'"),
    Damage("event_missing", _of("C1"), "UPDATE trade SET version = version + 1 WHERE charge_code = 'C1'"),
    Damage("event_ahead", _of("C1"), "UPDATE trade SET version = version - 1 WHERE charge_code = 'C1'"),
    Damage("outbox_stuck", _of("C1/1"), "UPDATE outbox SET since = since - interval '2 minutes'"),
    Damage(
        "operation_forgotten",
        f"pay {_of('C5')}",
        "UPDATE operation SET due_at = now() - interval '2 minutes' WHERE due_at IS NOT NULL",
    ),
    Damage(
        "operation_forgotten",
        f"pay {_of('C7')}",
        "UPDATE worker SET beat_at = beat_at - interval '2 minutes'",
    ),
    Damage("operation_forgotten", f"pay {_of('C7')}", "DELETE FROM worker"),
    Damage(
        "watch_forgotten",
        _of("C1"),
        "INSERT INTO watch SELECT merchant_id, charge_code, 'customer', 0, now() - interval '6 minutes'"
        " FROM trade",
    ),
    Damage(
        "reserved_without_refund",
        _of("C1"),
        "UPDATE trade SET reserved_fen = 1, refunded_fen = refunded_fen - 1 WHERE charge_code = 'C1'",
    ),
    Damage(
        "reserved_without_refund", _of("C2"), "UPDATE trade SET reserved_fen = 0 WHERE charge_code = 'C2'"
    ),
    Damage(
        "cancelling_without_cancel", _of("C3"), "UPDATE trade SET cancelling = true WHERE charge_code = 'C3'"
    ),
    Damage(
        "cancelling_without_cancel", _of("C4"), "UPDATE trade SET cancelling = false WHERE charge_code = 'C4'"
    ),
    Damage(
        "pay_open_on_ended_trade",
        _of("C5"),
        "UPDATE trade SET state = 'declined', changed_at = now() - interval '3 hours'"
        " WHERE charge_code = 'C5'",
    ),
    Damage(
        "callback_left_behind",
        _of("C1"),
        "WITH old AS (UPDATE trade SET created_at = now() - interval '1 hour')"
        " UPDATE callback SET charge_code = 'C1', last_at = now() - interval '1 hour'",
    ),
)


async def test_what_is_right_breaks_no_rule(pool: Pool) -> None:
    """Open, unknown, cancelled, refunded and declined trades, reached as they should be, offend nobody."""
    await _a_busy_ledger(pool)
    assert await _violations(pool) == {}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.check)
async def test_each_damage_is_found_and_named(pool: Pool, damage: Damage) -> None:
    """A row changed behind our back is found by its rule, with the name of what is wrong."""
    await _a_busy_ledger(pool)
    await pool.execute(damage.statement)
    assert damage.offender in (await _violations(pool))[damage.check][1]


def test_every_rule_is_a_metric() -> None:
    """The ledger's rules and the metric's series have the same names."""
    assert tuple(check.name for check in CHECKS) == COHERENCE_CHECKS


def test_every_rule_was_broken_once() -> None:
    """No check that nobody has ever seen fail."""
    assert {damage.check for damage in DAMAGES} == set(COHERENCE_CHECKS)


async def test_what_was_withdrawn_needs_no_answer(pool: Pool) -> None:
    """Nobody asked for it."""
    worker = await hand(pool, Kind.CANCEL)
    await worker.holds(asks(Kind.CANCEL))
    await pool.execute(
        "UPDATE operation SET automatic = true, state = 'rejected', reason = 'withdrawn', owner = NULL,"
        " answered_at = now()"
    )
    assert await _violations(pool) == {}


async def test_some_offenders_are_named_and_all_are_counted(pool: Pool) -> None:
    """A log line stays readable when everything is broken."""
    await paid(pool, *(f"C{number}" for number in range(30)))
    await pool.execute("UPDATE trade SET version = 7")
    count, offenders = (await _violations(pool))["event_missing"]
    assert (count, len(offenders)) == (30, MOST_OFFENDERS)


async def test_what_is_found_is_a_metric(pool: Pool) -> None:
    """Each rule is a series from the beginning, and goes back to 0 when what was wrong is right again."""
    await _a_busy_ledger(pool)
    registry = CollectorRegistry()
    auditor = Auditor(pool, CoherenceMetrics(registry))

    def value(check: str) -> float | None:
        return registry.get_sample_value("paybus_coherence_violations", {"check": check})

    assert {value(name) for name in COHERENCE_CHECKS} == {0}
    await pool.execute("UPDATE trade SET cancelling = true WHERE charge_code = 'C3'")
    await auditor.look()
    assert value("cancelling_without_cancel") == 1
    await pool.execute("UPDATE trade SET cancelling = false WHERE charge_code = 'C3'")
    await auditor.look()
    assert {value(name) for name in COHERENCE_CHECKS} == {0}
    assert (registry.get_sample_value("paybus_coherence_timestamp_seconds") or 0) > 0
