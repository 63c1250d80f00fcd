"""Merchants are told apart by their groups, in each of the exporter's sources."""

from aiokafka import AIOKafkaProducer
import pytest
from tests.exporter.figures import exporting
from tests.exporter.test_records import call, send
from tests.ledger.house import AMOUNT, MERCHANT, UNKNOWN, concluded, hand, pay

from paybus.contracts.topics import Topics
from paybus.exporter.settings import ExporterSettings
from paybus.ledger.pool import Pool

OTHER_MERCHANT = "0010000777"
GROUPS = {"retail": (MERCHANT,), "online": ("0010000002",)}


@pytest.fixture
def grouped(settings: ExporterSettings) -> ExporterSettings:
    """Give settings with two groups; `OTHER_MERCHANT` is in none."""
    return settings.model_copy(update={"merchant_groups": GROUPS})


async def test_attempts_count_in_their_merchants_group(
    grouped: ExporterSettings, topics: Topics, producer: AIOKafkaProducer
) -> None:
    """By verdict and by return code."""
    ours, theirs = call(merchant_id=MERCHANT), call(merchant_id=OTHER_MERCHANT)
    async with exporting(grouped) as page:
        await send(producer, topics.gateway_calls, ours, ours, theirs)
        await page.until(lambda figures: sum(figures.series("paybus_gateway_attempts_total").values()) >= 3)
        figures = await page.after_another_look()
    for group, number in (("retail", 2), ("other", 1), ("online", 0)):
        labels = {"operation": "pay", "merchant_group": group}
        assert figures("paybus_gateway_attempts_total", verdict="executed", **labels) == number
        assert figures("paybus_gateway_return_codes_total", return_code="SUCCESS", **labels) == number


async def test_answers_count_in_their_merchants_group(grouped: ExporterSettings, pool: Pool) -> None:
    """With their age."""
    payer = await hand(pool)
    async with exporting(grouped) as page:
        held = await payer.holds(pay("C1"), pay("C2"), pay("C3"))
        await pool.execute("UPDATE operation SET merchant_id = $1 WHERE key = 'C3'", OTHER_MERCHANT)
        await pool.execute(
            "UPDATE operation SET state = 'done', owner = NULL, due_at = NULL, answered_at = now()"
            " WHERE operation_id = ANY ($1::bigint[])",
            [one.operation_id for one in held],
        )
        await page.until(lambda figures: sum(figures.series("paybus_commands_total").values()) >= 3)
        figures = await page.after_another_look()
    for group, number in (("retail", 2), ("other", 1), ("online", 0)):
        assert figures("paybus_commands_total", kind="pay", result="executed", merchant_group=group) == number
        assert figures("paybus_command_age_seconds_count", kind="pay", merchant_group=group) == number


async def test_what_is_open_and_unknown_counts_in_its_merchants_group(
    grouped: ExporterSettings, pool: Pool
) -> None:
    """The money of each group is its own, and so is its oldest; what is known again is 0 again."""
    payer = await hand(pool)
    mine, more, theirs = await payer.holds(pay("C1"), pay("C2", amount_fen=700), pay("C3", amount_fen=50))
    await payer.settles(*(concluded(one, UNKNOWN) for one in (mine, more, theirs)))
    await pool.execute("UPDATE operation SET merchant_id = $1 WHERE key = 'C3'", OTHER_MERCHANT)
    await pool.execute("UPDATE operation SET accepted_at = accepted_at - interval '1 hour' WHERE key = 'C2'")
    async with exporting(grouped) as page:
        figures = await page.scrape()
        expected = {"retail": (2, AMOUNT + 700), "other": (1, 50), "online": (0, 0)}
        for group, (number, amount_fen) in expected.items():
            of_group = {"merchant_group": group}
            assert figures("paybus_operations_open", kind="pay", state="unknown", **of_group) == number
            assert figures("paybus_unknown_amount_fen", **of_group) == amount_fen
        assert 3600 <= figures("paybus_unknown_oldest_seconds", merchant_group="retail") < 3700
        assert 0 <= figures("paybus_unknown_oldest_seconds", merchant_group="other") < 100
        await pool.execute("UPDATE operation SET state = 'done', due_at = NULL WHERE key = 'C3'")
        known_again = {"merchant_group": "other"}
        await page.until(lambda figures: figures("paybus_unknown_amount_fen", **known_again) == 0)
