"""Callbacks that were left behind: matched as soon as their trade is there, and no others."""

from prometheus_client import CollectorRegistry
from tests.ledger.house import Hand, concluded, hand, hears, pay, said, told
from tests.ledger.tables import events, trade

from paybus.ledger.pool import Pool
from paybus.reconciler.matchmaker import Matchmaker
from paybus.telemetry.metrics.reconciler import MatchMetrics
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict


def _matchmaker(pool: Pool) -> Matchmaker:
    return Matchmaker(pool, MatchMetrics(CollectorRegistry()))


async def _left_behind(pool: Pool) -> Hand:
    """Have a callback that nobody matched, though its trade is there: its writer died before he looked."""
    payer = await hand(pool, Kind.PAY)
    await hears(pool, told("C1"))
    (held,) = await payer.holds(pay("C2"))
    await payer.settles(concluded(held, said(Verdict.UNKNOWN)))
    await pool.execute("UPDATE callback SET charge_code = 'C2'")
    return payer


async def test_a_callback_that_was_left_behind_is_applied(pool: Pool) -> None:
    """The trade appeared and nobody looked: the payment is announced in its order."""
    await _left_behind(pool)
    await _matchmaker(pool).look()
    assert (await trade(pool, "C2"))["paid_fen"] == 15800
    assert await events(pool, "C2") == ["trade.unknown", "trade.paid"]
    assert await pool.fetchval("SELECT receipt FROM callback") == "applied"


async def test_it_is_applied_once(pool: Pool) -> None:
    """The second look finds nothing left."""
    await _left_behind(pool)
    for _ in range(2):
        await _matchmaker(pool).look()
    assert await events(pool, "C2") == ["trade.unknown", "trade.paid"]


async def test_a_callback_without_a_trade_stays_kept(pool: Pool) -> None:
    """Somebody else's trade, or one that is still to come."""
    await hears(pool, told("C1"))
    await _matchmaker(pool).look()
    assert await pool.fetchval("SELECT receipt FROM callback") == "unmatched"


async def test_what_nobody_asked_for_in_a_week_is_looked_at_no_more(pool: Pool) -> None:
    """Callbacks of other systems' trades do not make each look slower than the one before."""
    await _left_behind(pool)
    await pool.execute("UPDATE callback SET last_at = last_at - interval '8 days'")
    await _matchmaker(pool).look()
    assert await pool.fetchval("SELECT receipt FROM callback") == "unmatched"
