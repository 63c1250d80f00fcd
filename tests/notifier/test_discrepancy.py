"""Every discrepancy is counted once, when its event is out, by where the news came from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial

from prometheus_client import CollectorRegistry
import pytest
from structlog.testing import capture_logs
from tests.ledger.house import AMOUNT, MERCHANT, concluded, hand, hears, pay, said, told
from tests.notifier.books import until_sent
from tests.notifier.brokers import Memory

from paybus.contracts.event import Announcement, TradeEvent
from paybus.ledger.announcement import publish
from paybus.ledger.pool import Pool
from paybus.ledger.reconciliation import BreakRow, announce_break
from paybus.ledger.watch import learn_of
from paybus.notifier import relay as module
from paybus.notifier.discrepancy import DiscrepancyCount, source_of
from paybus.notifier.memory_broker import MemoryBroker
from paybus.notifier.relay import Relay, open_outbox
from paybus.telemetry.metrics.notifier import DiscrepancyMetrics
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts, Verdict
from paybus.trades.watch import Rules, learn

SOURCES = ("reply", "callback", "inquiry", "comparison", "other")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for shards at a pace at which tests need not wait."""
    monkeypatch.setattr(module, "TAKE_SECONDS", 0.02)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)


@pytest.fixture
def registry() -> CollectorRegistry:
    """Give the page of the one notifier."""
    return CollectorRegistry()


def counted(registry: CollectorRegistry) -> dict[str, float]:
    """Give what is on the page, without zeros; every source has to be there."""
    values = {
        one: registry.get_sample_value("paybus_discrepancies_total", {"source": one}) for one in SOURCES
    }
    assert None not in values.values()
    return {source: value for source, value in values.items() if value}


@asynccontextmanager
async def counting(
    url: str, memory: MemoryBroker, registry: CollectorRegistry
) -> AsyncIterator[DiscrepancyCount]:
    """Let a relay run that counts on that page, while the block runs."""
    count = DiscrepancyCount(DiscrepancyMetrics(registry))
    relay = Relay(partial(open_outbox, url), Memory(memory).open_producer, "events", on_published=count.count)
    task = asyncio.create_task(relay.run())
    try:
        yield count
    finally:
        relay.stop()
        await task


async def by_reply(pool: Pool) -> None:
    """Have a callback say paid, and the answer to the request that it was declined."""
    worker = await hand(pool)
    (held,) = await worker.holds(pay("C1"))
    await hears(pool, told("C1"))
    await worker.settles(concluded(held, said(Verdict.DECLINED, return_code="FAIL")))


async def by_callback(pool: Pool, code: str = "C1") -> None:
    """Have a callback tell another amount."""
    await (await hand(pool)).holds(pay(code))
    await hears(pool, told(code, amount_fen=AMOUNT + 1))


async def by_inquiry(pool: Pool) -> None:
    """Have the watch ask, and the gateway show another amount."""
    await (await hand(pool)).holds(pay("C1"))
    await pool.execute("UPDATE trade SET state = 'awaiting_payment'")
    answer = "SUCCESS", Facts(gateway_state=1, amount_fen=Fen(AMOUNT + 1))
    await learn_of(
        pool,
        (MERCHANT, "C1"),
        lambda trade, announced: learn(trade, 1, answer, announced=announced, rules=Rules()),
    )


async def by_comparison(pool: Pool) -> None:
    """Have another amount in the gateway's list of a day."""
    await (await hand(pool)).holds(pay("C1"))
    row = BreakRow(
        business_day=date(2026, 1, 2),
        merchant_id=MERCHANT,
        charge_code="C1",
        kind="amount_differs",
        our_state="accepted",
        their_state=1,
        our_amount_fen=AMOUNT,
        their_amount_fen=AMOUNT + 1,
    )
    assert await announce_break(pool, row)


@pytest.mark.parametrize(
    ("source", "happens"),
    [
        ("reply", by_reply),
        ("callback", by_callback),
        ("inquiry", by_inquiry),
        ("comparison", by_comparison),
    ],
)
async def test_it_is_counted_whoever_found_it(
    pool: Pool,
    database_url: str,
    memory: MemoryBroker,
    registry: CollectorRegistry,
    source: str,
    happens: Callable[[Pool], Awaitable[None]],
) -> None:
    """One event, one count under its source, and one line of the log that names the trade."""
    await happens(pool)
    with capture_logs() as lines:
        async with counting(database_url, memory, registry):
            await until_sent(pool)
    assert counted(registry) == {source: 1}
    (line,) = [line for line in lines if line["event"] == "discrepancy.published"]
    assert (line["merchant_id"], line["charge_code"], line["source"]) == (MERCHANT, "C1", source)


async def test_one_that_cannot_go_out_is_counted_when_it_does(
    pool: Pool, database_url: str, memory: MemoryBroker, registry: CollectorRegistry
) -> None:
    """A round that fails counts nothing, not even what Kafka took of it; the repeat counts each once."""
    for code in ("C1", "C2", "C3"):
        await by_callback(pool, code)
    memory.room = 2
    async with counting(database_url, memory, registry):
        while len(memory.log) < 2:  # noqa: ASYNC110 -- the broker has no event for this
            await asyncio.sleep(0.01)
        assert counted(registry) == {}
        memory.room = float("inf")
        await until_sent(pool)
    assert len(memory.log) == 5
    assert counted(registry) == {"callback": 3}


async def test_what_cannot_be_read_is_counted_and_published(
    pool: Pool, database_url: str, memory: MemoryBroker, registry: CollectorRegistry
) -> None:
    """An event of a later version stops nothing, and its discrepancy is not lost from sight."""
    await publish(pool, [Announcement("m/C1/1", "trade.discrepancy", "C1", b"\xff")])
    await publish(pool, [Announcement("m/C2/1", "trade.paid", "C2", b"\xff")])
    async with counting(database_url, memory, registry):
        await until_sent(pool)
    assert counted(registry) == {"other": 1}
    assert len(memory.log) == 2


@pytest.mark.parametrize(
    ("told_by", "return_code", "reason", "source"),
    [
        ("inquiry", None, "state_differs", "comparison"),
        ("inquiry", "SUCCESS", "amount_differs", "inquiry"),
        ("inquiry", None, "no_answer", "inquiry"),
        ("reply", None, "amount_differs", "reply"),
        ("telegram", None, None, "telegram"),
        (None, None, None, "other"),
    ],
)
def test_the_source_is_read_from_the_event(
    told_by: str | None, return_code: str | None, reason: str | None, source: str
) -> None:
    """The comparison of a day has no return code, every inquiry has one; a word that is new is kept."""
    event = TradeEvent(
        merchant_id=MERCHANT, charge_code="C1", version=1, state="paid", amount_fen=1, paid_fen=1,
        refunded_fen=0, source=told_by, return_code=return_code, reason=reason,
    )  # fmt: skip
    assert source_of(event) == source
