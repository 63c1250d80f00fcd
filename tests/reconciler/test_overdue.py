"""Barcode payments that stay unpaid: one cancel each, and never of what was paid in time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry
from tests.execution.test_ledger_clock import HOUR_SECONDS, Times
from tests.ledger.house import (
    MERCHANT,
    UNKNOWN,
    Hand,
    asks,
    concluded,
    hand,
    hears,
    pay,
    said,
    started,
    states,
    told,
)
from tests.ledger.tables import events, operation, passes, trade

from paybus.contracts.automatic import cancel_overdue
from paybus.contracts.command import encode, fingerprint
from paybus.execution.ledger_clock import LedgerClock
from paybus.ledger.accepted import Acceptance
from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.pool import Pool
from paybus.reconciler.overdue import Overdue
from paybus.telemetry.metrics.reconciler import OverdueMetrics
from paybus.trades.operation import Kind
from paybus.trades.outcome import Source, Verdict

LONG_AGO = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
PENDING = replace(UNKNOWN, facts=replace(UNKNOWN.facts, gateway_state=0), source=Source.INQUIRY)
PLACE = (MERCHANT, "C1")


async def _unpaid(pool: Pool, outcome: Any = UNKNOWN, *, expires_at: datetime | None = LONG_AGO) -> Hand:
    """Have a barcode pay that the gateway has not told about; give its worker."""
    payer = await hand(pool, Kind.PAY)
    (held,) = await payer.holds(replace(pay(), expires_at=expires_at))
    await payer.settles(concluded(held, outcome))
    return payer


async def _look(pool: Pool, grace_seconds: float = 80.0) -> list[tuple[str, str]]:
    return await cancel_overdue_pays(pool, grace_seconds=grace_seconds, most=10)


def _asked_by_a_person(**changed: Any) -> Acceptance:
    command = cancel_overdue(*PLACE)
    return replace(asks(Kind.CANCEL), command=encode(command), fingerprint=fingerprint(command), **changed)


async def _claimed(pool: Pool) -> tuple[Hand, Any]:
    worker = await hand(pool, Kind.CANCEL)
    (held,) = await worker.claims()
    return worker, held


async def test_an_unpaid_payment_is_cancelled_after_its_deadline(pool: Pool) -> None:
    """Unknown and too old: a cancel under its own key is due at once, and goes although the pay is open."""
    await _unpaid(pool)
    assert await _look(pool) == [PLACE]
    worker, held = await _claimed(pool)
    assert (held.operation.key, held.operation.automatic, held.operation.overdue) == ("C1", True, True)
    assert held.traceparent == "00-aa-bb-01"
    (granted,) = await worker.settles(started(held))
    assert granted.held is not None
    assert (await trade(pool))["cancelling"]
    assert states(await worker.settles(concluded(granted.held))) == ["done"]
    assert await events(pool) == ["trade.unknown", "trade.revoked"]


async def test_one_that_the_gateway_shows_unpaid_is_cancelled_too(pool: Pool) -> None:
    """The customer never typed his PIN: the gateway has the order, and it is put away."""
    await _unpaid(pool, PENDING)
    assert await _look(pool) == [PLACE]


async def test_before_the_deadline_nothing_is_cancelled(pool: Pool) -> None:
    """The customer still has the gateway's time to confirm."""
    await _unpaid(pool, expires_at=datetime.now(UTC))
    assert await _look(pool) == []
    assert await _look(pool, grace_seconds=0.0) == [PLACE]


async def test_only_what_is_unknown_is_cancelled(pool: Pool) -> None:
    """A pay that is answered, or that certainly is not at the gateway, needs no cancel."""
    await _unpaid(pool, said())
    assert await _look(pool) == []


async def test_what_certainly_was_not_executed_needs_no_cancel(pool: Pool) -> None:
    """It waits, and will be given up as expired."""
    await _unpaid(pool, said(Verdict.NOT_EXECUTED, return_code=None, reply_code=None))
    assert await _look(pool) == []


async def test_there_is_one_cancel_however_many_look(pool: Pool) -> None:
    """Two replicas look at the same moment, and again: one operation."""
    await _unpaid(pool)
    found = await asyncio.gather(_look(pool), _look(pool))
    assert sorted(found) == [[], [PLACE]]
    assert await _look(pool) == []


async def test_a_payment_that_came_in_time_is_not_revoked(pool: Pool) -> None:
    """Before the cancel was sent, the gateway told of the payment: the cancel is withdrawn, silently."""
    await _unpaid(pool)
    await _look(pool)
    await hears(pool, told())
    worker, held = await _claimed(pool)
    assert states(await worker.settles(started(held))) == ["rejected"]
    assert (await operation(pool, "C1", Kind.CANCEL))["reason"] == "withdrawn"
    assert await events(pool) == ["trade.unknown", "trade.paid"]


async def test_a_persons_cancel_after_a_withdrawn_one_is_carried_out(pool: Pool) -> None:
    """Whoever asks for the cancel of a paid trade gets it, also where an automatic one was withdrawn."""
    await test_a_payment_that_came_in_time_is_not_revoked(pool)
    accepted = await (await hand(pool, Kind.CANCEL)).accepts(_asked_by_a_person())
    assert (accepted.held, accepted.duplicates, accepted.conflicts) == ((), 1, 0)
    worker, held = await _claimed(pool)
    assert not held.operation.automatic
    (granted,) = await worker.settles(started(held))
    assert granted.held is not None
    await worker.settles(concluded(granted.held))
    assert await events(pool) == ["trade.unknown", "trade.paid", "trade.revoked"]


async def test_a_person_who_asks_while_it_waits_takes_it_over(pool: Pool) -> None:
    """It is his, and a payment that came meanwhile is revoked as he wishes; who held it decides nothing."""
    await _unpaid(pool)
    await _look(pool)
    worker, held = await _claimed(pool)
    await (await hand(pool, Kind.CANCEL)).accepts(_asked_by_a_person())
    await hears(pool, told())
    assert states(await worker.settles(started(held))) == ["lost"]
    _, again = await _claimed(pool)
    assert (again.operation.automatic, again.operation.overdue) == (False, True)


async def test_another_content_than_the_automatic_ones_may_be_asked_for(pool: Pool) -> None:
    """Nothing was sent yet, so an application for revocation takes its place and is no conflict."""
    await _unpaid(pool)
    await _look(pool)
    other = _asked_by_a_person()
    other = replace(other, command=b"{}", fingerprint=b"another")
    accepted = await (await hand(pool, Kind.CANCEL)).accepts(other)
    assert (accepted.duplicates, accepted.conflicts) == (1, 0)
    _, held = await _claimed(pool)
    assert held.command == b"{}"


async def test_a_person_who_asks_while_it_is_on_its_way_has_asked_for_the_same(pool: Pool) -> None:
    """It is not sent a second time, and when it proves not to have happened it is tried again for him."""
    await _unpaid(pool)
    await _look(pool)
    worker, held = await _claimed(pool)
    (granted,) = await worker.settles(started(held))
    assert granted.held is not None
    accepted = await (await hand(pool, Kind.CANCEL)).accepts(_asked_by_a_person())
    assert (accepted.held, accepted.duplicates) == ((), 1)
    not_executed = said(Verdict.NOT_EXECUTED, return_code=None, reply_code=None)
    assert states(await worker.settles(concluded(granted.held, not_executed))) == ["waiting"]
    await passes(pool)
    _, again = await _claimed(pool)
    assert not again.operation.automatic


async def test_a_cancel_that_waits_for_its_pay_need_not_wait_any_longer(pool: Pool) -> None:
    """A person's cancel and the automatic one are the same operation; it stays his."""
    await _unpaid(pool)
    worker = await hand(pool, Kind.CANCEL)
    (held,) = await worker.holds(_asked_by_a_person())
    assert states(await worker.settles(started(held))) == ["waiting"]
    assert await _look(pool) == [PLACE]
    worker, held = await _claimed(pool)
    assert (held.operation.automatic, held.operation.overdue) == (False, True)
    assert states(await worker.settles(started(held))) == ["ready"]


async def test_a_cancel_in_somebodys_hands_is_marked_there(pool: Pool) -> None:
    """Whoever looks at it at this moment finds the mark when he looks again."""
    await _unpaid(pool)
    worker = await hand(pool, Kind.CANCEL)
    (held,) = await worker.holds(_asked_by_a_person())
    assert await _look(pool) == [PLACE]
    assert states(await worker.settles(started(held))) == ["waiting"]
    await passes(pool)
    _, again = await _claimed(pool)
    assert again.operation.overdue


async def test_a_refused_cancel_is_answered_and_not_repeated(pool: Pool) -> None:
    """The gateway says no: told as command.rejected, and there is no second automatic cancel."""
    await _unpaid(pool)
    await _look(pool)
    worker, held = await _claimed(pool)
    (granted,) = await worker.settles(started(held))
    assert granted.held is not None
    refused = said(Verdict.DECLINED, return_code="INVALID_CONTRACT", reply_code="INVALID_CONTRACT")
    assert states(await worker.settles(concluded(granted.held, refused))) == ["rejected"]
    types = [row["ce_type"] for row in await pool.fetch("SELECT ce_type FROM event")]
    assert sorted(types) == ["command.rejected", "trade.unknown"]
    assert await _look(pool) == []


async def test_a_moved_clock_makes_nothing_overdue(pool: Pool) -> None:
    """By it every payment of today is late; those asked for before the move truly are after a while."""
    times: Any = Times()
    clock = LedgerClock(times, times)
    metrics = OverdueMetrics(CollectorRegistry())
    overdue = Overdue(pool, clock, metrics, expiry_seconds=80.0, grace_seconds=80.0)
    await clock.look()
    await _unpaid(pool)
    times.moved_seconds = HOUR_SECONDS
    await overdue.look()
    times.ours += 159.0
    await overdue.look()
    assert await pool.fetchval("SELECT count(*) FROM operation WHERE kind = 'cancel'") == 0
    times.ours += 1.0
    await overdue.look()
    assert (await operation(pool, "C1", Kind.CANCEL))["overdue"]
