"""The accountant: every day is compared once, each difference told once, and what can be learnt is learnt."""

import asyncio
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
import json

from prometheus_client import CollectorRegistry
import pytest
from tests.ledger.house import cancel, concluded, hears, told
from tests.ledger.tables import events, operation, trade
from tests.reconciler.house import AMOUNT, ID, House, canceller

from paybus.execution.gates import Gates
from paybus.gateway.china_time import CHINA_TIME
from paybus.reconciler.accountant import DAYS, Accountant
from paybus.reconciliation.day import MARGIN, days_to_compare
from paybus.sandbox.order import Particulars
from paybus.telemetry.metrics.reconciler import ReconciliationMetrics
from paybus.trades.operation import Kind


@pytest.fixture
def tomorrow() -> datetime:
    """Give the time at which today is over and compared."""
    return datetime.now(UTC) + timedelta(days=1)


def _accountant(house: House, now: datetime, registry: CollectorRegistry | None = None) -> Accountant:
    metrics = ReconciliationMetrics(registry or CollectorRegistry())
    return Accountant(house.pool, Gates({ID: house.client}), metrics, hour=0, now=lambda: now)


def _pages(tomorrow: datetime) -> int:
    """Count the pages of all days: an empty one for each, and one for each list that has an order of now.

    In the hours around midnight in China two days have it.
    """
    now = tomorrow - timedelta(days=1)
    days = days_to_compare(tomorrow, hour=0, most=DAYS)
    return DAYS + sum(day.begin - MARGIN <= now < day.end + MARGIN for day in days)


async def _breaks(house: House) -> set[tuple[str, str]]:
    rows = await house.pool.fetch("SELECT charge_code, break FROM reconciliation_break")
    return {(row["charge_code"], row["break"]) for row in rows}


async def _type_and_value(house: House, code: str) -> tuple[str, dict[str, object]]:
    row = await house.pool.fetchrow(
        "SELECT ce_type, value FROM event WHERE charge_code = $1 ORDER BY ce_id DESC LIMIT 1", code
    )
    return row["ce_type"], json.loads(row["value"])


async def test_a_day_on_which_all_agrees(house: House, tomorrow: datetime) -> None:
    """Waiting, paid and unpaid orders that both sides know the same of: nothing is told, the day is done."""
    await house.ordered("C1", "C2")
    house.pays("C2")
    await hears(house.pool, told("C2"))
    await _accountant(house, tomorrow).look()
    day = await house.pool.fetchrow("SELECT * FROM reconciliation ORDER BY business_day DESC LIMIT 1")
    assert (day["matched"], day["open"], day["breaks"]) == (2, 0, 0)
    assert day["finished_at"] is not None
    assert await _breaks(house) == set()


async def test_a_state_that_differs_is_told_and_asked_about(house: House, tomorrow: datetime) -> None:
    """Paid there and waiting here: a discrepancy with its reason, and the watch makes it good."""
    await house.ordered("C1")
    house.pays()
    await _accountant(house, tomorrow).look()
    assert await _breaks(house) == {("C1", "state_differs")}
    assert await events(house.pool) == ["trade.created", "trade.discrepancy"]
    assert (await _type_and_value(house, "C1"))[1]["reason"] == "state_differs"
    await house.watchman().look()
    assert await events(house.pool) == ["trade.created", "trade.discrepancy", "trade.paid"]


async def test_a_late_charge_that_only_the_list_shows_is_given_back(house: House, tomorrow: datetime) -> None:
    """Revoked here and paid there, long after the watch gave up: one discrepancy and one refund."""
    await house.ordered("C1")
    worker = await canceller(house.pool)
    await worker.settles(*[concluded(held) for held in await worker.granted(cancel("C1"))])
    house.pays()
    await _accountant(house, tomorrow).look()
    await house.watchman().look()
    assert (await events(house.pool))[2:] == ["trade.discrepancy"]
    assert (await operation(house.pool, "auto-C1", Kind.REFUND))["amount_fen"] == AMOUNT
    assert (await trade(house.pool))["paid_fen"] == AMOUNT


async def test_an_order_that_is_missing_there(house: House, tomorrow: datetime) -> None:
    """We say that it waits, the gateway has no such order: a discrepancy."""
    await house.ordered("C1")
    house.gateway.books.orders.clear()
    house.gateway.books._by_charge_code.clear()
    await _accountant(house, tomorrow).look()
    assert await _breaks(house) == {("C1", "missing_there")}
    assert await events(house.pool) == ["trade.created", "trade.discrepancy"]


async def test_an_order_that_is_missing_here(house: House, tomorrow: datetime) -> None:
    """The gateway has an order that nobody asked us for: told like a callback about it, within its schema."""
    await house.ordered("C1")
    await house.pool.execute("DELETE FROM operation")
    await house.pool.execute("DELETE FROM event")
    await house.pool.execute("DELETE FROM trade")
    await _accountant(house, tomorrow).look()
    assert await _breaks(house) == {("C1", "missing_here")}
    ce_type, value = await _type_and_value(house, "C1")
    assert ce_type == "callback.unmatched"
    assert (value["charge_code"], value["gateway_state"], value["amount_fen"]) == ("C1", 0, AMOUNT)


async def test_an_amount_that_differs(house: House, tomorrow: datetime) -> None:
    """The gateway's order is about another amount: a discrepancy, and no money fact is touched."""
    await house.ordered("C1")
    await house.pool.execute("UPDATE trade SET amount_fen = amount_fen + 1")
    await _accountant(house, tomorrow).look()
    assert await _breaks(house) == {("C1", "amount_differs")}
    assert (await trade(house.pool))["paid_fen"] == 0


async def test_a_second_order_under_one_code_is_one_too_many(house: House, tomorrow: datetime) -> None:
    """There is one trade a code: whatever the second order is, nobody asked for it."""
    await house.ordered("C1")
    first = house.order()
    assert isinstance(first.wish.particulars, Particulars)
    house.gateway.books._by_charge_code.clear()
    house.gateway.books.open(first.wish, call=99)
    await _accountant(house, tomorrow).look()
    assert await _breaks(house) == {("C1", "missing_here")}
    assert await events(house.pool) == ["trade.created", "trade.discrepancy"]


async def test_a_day_is_compared_once(house: House, tomorrow: datetime) -> None:
    """Two replicas, and the looks of the hours that follow: each difference is told once."""
    await house.ordered("C1")
    house.pays()
    await asyncio.gather(_accountant(house, tomorrow).look(), _accountant(house, tomorrow).look())
    await _accountant(house, tomorrow).look()
    assert await events(house.pool) == ["trade.created", "trade.discrepancy"]
    assert house.gateway.books.requests["batch_query"] == _pages(tomorrow)


async def test_a_day_whose_list_cannot_be_had_is_compared_later(house: House, tomorrow: datetime) -> None:
    """Without the gateway's whole list nothing is concluded; the day is begun anew when its lease is over."""
    await house.ordered("C1")
    merchants = dict(house.gateway.merchants)
    house.gateway.merchants = {}
    await _accountant(house, tomorrow).look()
    assert await house.pool.fetchval("SELECT count(*) FROM reconciliation WHERE finished_at IS NULL") == 3
    assert await _breaks(house) == set()
    house.gateway.merchants = merchants
    await house.pool.execute("UPDATE reconciliation SET started_at = started_at - interval '31 minutes'")
    await _accountant(house, tomorrow).look()
    assert await house.pool.fetchval("SELECT count(*) FROM reconciliation WHERE finished_at IS NULL") == 0


async def test_what_is_found_is_counted(house: House, tomorrow: datetime) -> None:
    """Each break is a series of its metric, and what agrees is counted beside it."""
    await house.ordered("C1", "C2")
    house.pays()
    registry = CollectorRegistry()
    await _accountant(house, tomorrow, registry).look()

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("paybus_reconciliation_breaks_total", **{"break": "state_differs"}) == 1
    assert value("paybus_reconciliation_breaks_total", **{"break": "missing_here"}) == 0
    assert value("paybus_reconciliation_trades_total", result="matched") == 1
    assert (value("paybus_reconciliation_timestamp_seconds") or 0) > 0


async def test_a_long_list_is_read_page_by_page(house: House, tomorrow: datetime) -> None:
    """More orders than a page holds are all compared."""
    await house.ordered(*(f"C{number}" for number in range(120)))
    await _accountant(house, tomorrow).look()
    today = datetime.now(CHINA_TIME).date()
    row = await house.pool.fetchrow("SELECT * FROM reconciliation WHERE business_day = $1", today)
    assert (row["matched"], row["breaks"]) == (120, 0)
    assert isinstance(row["business_day"], date)


class HeldBack:
    """Counts what the gates put off."""

    def __init__(self) -> None:
        self.limits: list[tuple[str, str]] = []

    def held_back(self, traffic: str, limit: str) -> None:
        """Count a request."""
        self.limits.append((traffic, limit))


async def test_a_day_is_compared_within_the_merchants_limit(house: House, tomorrow: datetime) -> None:
    """Each page and each second look takes its turn among all inquiries; all but the first have to wait."""
    await house.ordered("C1", "C2")
    house.pays()
    client, held_back = copy(house.client), HeldBack()
    client.merchant = replace(house.client.merchant, calls_per_second=1000.0, burst=1)
    gates = Gates({ID: client}, counter=held_back, clock=lambda: 0.0)
    metrics = ReconciliationMetrics(CollectorRegistry())
    await Accountant(house.pool, gates, metrics, hour=0, now=lambda: tomorrow).look()
    requests = house.gateway.books.requests
    assert requests["query"] == 1  # the order that differs
    asked = requests.total() - requests["order"]
    assert asked >= 3
    assert held_back.limits == [("inquiries", "rate")] * (asked - 1)
