"""How commands ended is counted from the ledger, each command once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import time
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry
import pytest
from tests.exporter.figures import PATIENCE_SECONDS, exporting
from tests.ledger.house import cancel, concluded, hand, paid, pay, refund, said

from paybus.exporter.answer_count import AnswerCount
from paybus.exporter.settings import ExporterSettings
from paybus.ledger import book
from paybus.ledger.pool import Pool
from paybus.telemetry.metrics.ledger import CommandMetrics
from paybus.telemetry.metrics.merchant_group import MerchantGroups
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict

ENDED, AGE = "paybus_commands_total", "paybus_command_age_seconds"
DECLINED = said(Verdict.DECLINED, return_code="FAIL")


class Counting:
    """An AnswerCount, and what it has counted so far."""

    def __init__(self, **how: Any) -> None:
        self._registry = CollectorRegistry()
        self._answers = AnswerCount(CommandMetrics(self._registry, MerchantGroups()), **how)

    async def look(self, pool: Pool) -> None:
        """Read the ledger once."""
        await self._answers.count_new(pool)

    def counted(self, kind: Kind = Kind.PAY, result: str = "executed") -> int:
        """Give how many commands have ended so."""
        return int(
            self._registry.get_sample_value(
                ENDED, {"kind": kind, "result": result, "merchant_group": "other"}
            )
            or 0
        )

    async def until(self, pool: Pool, number: int) -> None:
        """Look until so many pays have ended, and once more."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.counted() < number and time.monotonic() < until:
            await self.look(pool)
        await self.look(pool)
        assert self.counted() == number


@pytest.fixture
async def counting(pool: Pool) -> Counting:
    """Give one that has had its first look."""
    counting = Counting()
    await counting.look(pool)
    return counting


async def test_every_command_is_counted_once_by_how_it_ended(settings: ExporterSettings, pool: Pool) -> None:
    """Executed and declined are the gateway's word, rejected is ours; a declined cancel is a rejected one."""
    await paid(pool, "C4", "C5", "C6")  # before there was an exporter
    payer, refunder, canceller = [await hand(pool, kind) for kind in Kind]
    async with exporting(settings) as page:
        first, second, third = await payer.holds(pay("C1"), pay("C2"), pay("C3"))
        await payer.settles(concluded(first), concluded(second), concluded(third, DECLINED))
        back, kept = await refunder.granted(refund("R1", code="C1"), refund("R2", code="C2"))
        await refunder.settles(concluded(back), concluded(kept, DECLINED))
        assert await refunder.granted(refund("R3", code="C3")) == []  # a trade that was not paid
        [off, on] = await canceller.granted(cancel("C4"), cancel("C5"))
        await canceller.settles(concluded(off), concluded(on, DECLINED))
        await page.until(lambda figures: sum(figures.series(ENDED).values()) >= 8)
        figures = await page.after_another_look()
    assert figures.series(ENDED) == {
        ("pay", "executed"): 2,
        ("pay", "declined"): 1,
        ("refund", "executed"): 1,
        ("refund", "declined"): 1,
        ("refund", "rejected"): 1,
        ("cancel", "executed"): 1,
        ("cancel", "rejected"): 1,
    }
    assert figures.series(f"{AGE}_count") == {("pay",): 3, ("refund",): 3, ("cancel",): 2}


async def test_the_age_is_from_asked_to_answered(settings: ExporterSettings, pool: Pool) -> None:
    """Not from accepted, and not to when it is counted; one from the future has an age of 0."""
    payer = await hand(pool)
    now = datetime.now(UTC)
    asked = [replace(pay("C1"), asked_for_at=now - timedelta(seconds=200))]
    asked.append(replace(pay("C2"), asked_for_at=now + timedelta(seconds=200)))
    async with exporting(settings) as page:
        await payer.settles(*[concluded(held) for held in await payer.holds(*asked)])
        figures = await page.until(lambda figures: figures(f"{AGE}_count", kind="pay") == 2)
    assert 200 <= figures(f"{AGE}_sum", kind="pay") < 300
    assert figures(f"{AGE}_bucket", kind="pay", le="0.01") == 1
    assert figures(f"{AGE}_bucket", kind="pay", le="90.0") == 1
    assert figures(f"{AGE}_bucket", kind="pay", le="300.0") == 2


async def test_a_new_process_counts_nothing_that_an_earlier_one_has_counted(
    settings: ExporterSettings, pool: Pool
) -> None:
    """Prometheus adds up what every process counted; within one it never sees a figure fall."""
    async with exporting(settings) as page:
        await paid(pool, "C1", "C2", "C3")
        await page.until(lambda figures: figures(ENDED, kind="pay", result="executed") == 3)
    async with exporting(settings) as page:
        assert (await page.scrape()).series(ENDED) == {}
        await paid(pool, "C4")
        await page.until(lambda figures: figures.series(ENDED))
        figures = await page.after_another_look()
    assert figures.series(ENDED) == {("pay", "executed"): 1}


async def test_answers_of_the_same_moment_are_read_page_by_page(pool: Pool) -> None:
    """A batch is settled in one transaction, at one time: a page may end in the middle of it."""
    counting = Counting(page=3)
    await counting.look(pool)
    await paid(pool, *[f"C{number}" for number in range(10)])
    await counting.until(pool, 10)


async def test_an_answer_that_is_committed_late_is_not_missed(pool: Pool, counting: Counting) -> None:
    """`answered_at` is when its transaction began: by then others, answered later, may have been counted."""
    payer = await hand(pool)
    slow, quick = await payer.holds(pay("C1"), pay("C2"))
    async with pool.acquire() as connection, connection.transaction():
        began_at = await connection.fetchval("SELECT now()")
        await payer.settles(concluded(quick))
        assert (await book.horizon(pool)).complete_until < began_at
        await counting.look(pool)
        assert counting.counted() == 0
        await connection.execute(
            "UPDATE operation SET state = 'done', owner = NULL, answered_at = now() WHERE operation_id = $1",
            slow.operation_id,
        )
    await counting.until(pool, 2)


@pytest.fixture
async def stranger(pool: Pool, database_url: str) -> AsyncIterator[Pool]:
    """Give connections of a role from which PostgreSQL hides what the others do."""
    role = (await pool.fetchval("SELECT current_database()")) + "_stranger"
    await pool.execute(f"CREATE ROLE {role} LOGIN")
    async with asyncpg.create_pool(database_url, user=role, min_size=1, max_size=1) as opened:
        yield opened
    await pool.execute(f"DROP ROLE {role}")


async def test_transactions_that_are_hidden_are_waited_for(pool: Pool, stranger: Pool) -> None:
    """Without the right to see the others' transactions an answer counts later, and not never."""
    hidden, seen = await book.horizon(stranger), await book.horizon(pool)
    assert seen.now - seen.complete_until < timedelta(seconds=50)
    assert timedelta(seconds=60) < hidden.now - hidden.complete_until < timedelta(seconds=70)


async def test_a_look_reads_the_index_and_nothing_else(pool: Pool) -> None:
    """A ledger of a million operations must not be sorted, or scanned, every few seconds."""
    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        moment = datetime.now(UTC)
        rows = await connection.fetch(f"EXPLAIN {book._ANSWERED}", moment, 5, moment, 100)
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan using operation_answered" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("happening", Happening)
async def test_a_pay_is_declined_where_its_answer_says_that_nothing_was_paid(
    pool: Pool, counting: Counting, happening: Happening
) -> None:
    """Whatever event answered it, it counts: as declined if the trade came to nothing, else as executed."""
    await paid(pool, "C1")
    await pool.execute("UPDATE event SET ce_type = $1", happening)
    nothing = {"trade.declined", "trade.closed", "trade.revoked", "trade.revocation_requested"}
    result = "declined" if happening in nothing else "executed"
    until = time.monotonic() + PATIENCE_SECONDS
    while not counting.counted(result=result) and time.monotonic() < until:
        await counting.look(pool)
    others = [counting.counted(result=other) for other in ("executed", "declined", "rejected")]
    assert (counting.counted(result=result), sum(others)) == (1, 1)


async def test_a_kind_of_a_later_version_is_passed_over(pool: Pool, counting: Counting) -> None:
    """The tables are changed before the programs: what this one does not know must not end it."""
    await paid(pool, "C1", "C2")
    await pool.execute("UPDATE operation SET kind = 'tip' WHERE key = 'C1'")
    await counting.until(pool, 1)
