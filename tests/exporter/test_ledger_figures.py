"""What the ledger holds now, as it was a moment ago."""

import time

from pydantic import SecretStr
from tests.exporter.figures import exporting
from tests.ledger.house import AMOUNT, UNKNOWN, concluded, hand, paid, pay, refund

from paybus.exporter.settings import ExporterSettings
from paybus.ledger.pool import Pool
from paybus.trades.operation import OPEN, Kind

OPEN_NOW = "paybus_operations_open"
OLDEST, AMOUNT_FEN = "paybus_unknown_oldest_seconds", "paybus_unknown_amount_fen"
PENDING, PENDING_OLDEST = "paybus_outbox_pending", "paybus_outbox_oldest_seconds"


async def test_open_operations_are_shown_by_kind_and_state(settings: ExporterSettings, pool: Pool) -> None:
    """Held by a worker or due later, all of them; and none of those that have their answer."""
    payer, refunder = await hand(pool, Kind.PAY), await hand(pool, Kind.REFUND)
    done, lost, _ready, _other = await payer.holds(*map(pay, ("C1", "C2", "C3", "C4")))
    await payer.settles(concluded(done), concluded(lost, UNKNOWN))
    await refunder.holds(refund("R1", code="C1"))
    async with exporting(settings) as page:
        figures = await page.scrape()
        assert figures.series(OPEN_NOW) == {
            ("pay", "ready"): 2,
            ("pay", "unknown"): 1,
            ("refund", "waiting"): 1,
        }
        await payer.settles(*[concluded(held) for held in (_ready, _other)])
        figures = await page.until(lambda figures: figures(OPEN_NOW, kind="pay", state="ready") == 0)
    assert figures.series(OPEN_NOW) == {("pay", "unknown"): 1, ("refund", "waiting"): 1}


async def test_the_money_of_which_nothing_is_known(settings: ExporterSettings, pool: Pool) -> None:
    """The sum of what is UNKNOWN, and the age of the oldest, of all kinds; 0 when all is known again."""
    payer, refunder = await hand(pool, Kind.PAY), await hand(pool, Kind.REFUND)
    taken, lost = await payer.holds(pay("C1"), pay("C2", amount_fen=700))
    await payer.settles(concluded(taken), concluded(lost, UNKNOWN))
    [back] = await refunder.granted(refund("R1", code="C1", amount_fen=50))
    await refunder.settles(concluded(back, UNKNOWN))
    await pool.execute("UPDATE operation SET accepted_at = accepted_at - interval '1 hour' WHERE key = 'R1'")
    async with exporting(settings) as page:
        figures = await page.scrape()
        assert figures(AMOUNT_FEN) == 750
        assert 3600 <= figures(OLDEST) < 3700
        await pool.execute("UPDATE operation SET state = 'done', due_at = NULL WHERE due_at IS NOT NULL")
        figures = await page.until(lambda figures: figures(AMOUNT_FEN) == 0)
    assert figures(OLDEST) == 0


async def test_events_that_wait_to_go_out(settings: ExporterSettings, pool: Pool) -> None:
    """How many, and how long the oldest of them has waited; 0 when the relay has sent all."""
    payer = await hand(pool, Kind.PAY)
    held = await payer.holds(pay("C1"), pay("C2"), pay("C3"))
    await payer.settles(*map(concluded, held))
    await pool.execute("UPDATE outbox SET since = since - interval '20 minutes' WHERE ce_id LIKE '%/C2/1'")
    async with exporting(settings) as page:
        figures = await page.scrape()
        assert figures(PENDING) == 3
        assert 1200 <= figures(PENDING_OLDEST) < 1300
        await pool.execute("DELETE FROM outbox")
        figures = await page.until(lambda figures: figures(PENDING) == 0)
    assert figures(PENDING_OLDEST) == 0


async def test_it_needs_no_more_than_to_read(settings: ExporterSettings, pool: Pool) -> None:
    """A role that may read three tables and see others' transactions is enough (docs/metrics.md)."""
    database = await pool.fetchval("SELECT current_database()")
    role = f"{database}_reader"
    await pool.execute(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_stats")
    await pool.execute(f"GRANT SELECT ON operation, event, outbox TO {role}")
    url = SecretStr(settings.database_url.get_secret_value().replace("postgres@", f"{role}@", 1))
    async with exporting(settings.model_copy(update={"database_url": url})) as page:
        assert await pool.fetchval("SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = $1", role)
        await paid(pool, "C1")
        figures = await page.until(lambda figures: figures.series("paybus_commands_total"))
    assert figures(PENDING) == 1
    await pool.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_every_series_is_there_before_anything_has_happened(settings: ExporterSettings) -> None:
    """On an empty ledger and without topics each series of the exporter is 0, and says when it was read."""
    before = time.time()
    async with exporting(settings) as page:
        figures = await page.scrape()
    for kind in Kind:
        for state in OPEN:
            assert figures(OPEN_NOW, kind=kind, state=state) == 0
        for result in ("executed", "declined", "rejected"):
            assert figures("paybus_commands_total", kind=kind, result=result) == 0
    ours = {
        key: value
        for key, value in figures.samples.items()
        if key[0].startswith("paybus_") and key[0] != "paybus_build_info"
    }
    assert len(ours) > 600
    assert {key[0] for key, value in ours.items() if value} == {
        "paybus_ledger_read_timestamp_seconds",
        "paybus_broker_read_timestamp_seconds",
    }
    assert all(before <= at <= time.time() for at in figures.read_at())


async def test_a_state_of_a_later_version_is_passed_over(settings: ExporterSettings, pool: Pool) -> None:
    """The tables are changed before the programs: what this one does not know must not end it."""
    payer = await hand(pool, Kind.PAY)
    await payer.holds(pay("C1"), pay("C2"))
    await pool.execute("UPDATE operation SET state = 'asleep' WHERE key = 'C1'")
    async with exporting(settings) as page:
        figures = await page.after_another_look()
    assert figures.series(OPEN_NOW) == {("pay", "ready"): 1}
    assert figures(AMOUNT_FEN) == 0 != AMOUNT
