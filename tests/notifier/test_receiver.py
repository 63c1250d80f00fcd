"""The receiver says SUCCESS for what is in the ledger, and for nothing else."""

import asyncio

import pytest
from structlog.testing import capture_logs
from tests.notifier.books import AMOUNT, LOCK_C1, asked_for, events, trade, until_blocked, waiting
from tests.notifier.house import QUERIES, Receiving, told

from paybus.ledger.pool import Pool


@pytest.mark.parametrize("query", QUERIES)
async def test_success_means_that_the_trade_is_paid(pool: Pool, receiver: Receiving, query: str) -> None:
    """JSON or XML, plain or 3DES: after SUCCESS the trade is paid, its event on its way, the text kept."""
    await asked_for(pool)

    answer = await receiver.post(told(query=query))

    assert (answer.status_code, answer.text) == (200, "SUCCESS")
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"
    row = await trade(pool)
    assert (row["state"], row["paid_fen"], row["down_code"], row["third_code"]) == (
        "paid",
        AMOUNT,
        "D1",
        "T1",
    )
    assert await events(pool) == ["trade.paid"]
    assert await waiting(pool) == 1
    body = await pool.fetchval("SELECT body FROM callback")
    assert "茶".encode() in body
    assert body[:1] == (b"{" if "_type=json" in query else b"<")
    assert receiver.verdicts() == {"applied": 1}


async def test_nobody_is_answered_before_the_commit(pool: Pool, receiver: Receiving) -> None:
    """While the ledger is not done, there is no answer; the gateway would not come again."""
    await asked_for(pool)
    async with pool.acquire() as other, other.transaction():
        await other.execute(LOCK_C1)
        posting = asyncio.create_task(receiver.post(told()))
        await until_blocked(pool)
        assert not posting.done()
        assert receiver.verdicts() == {}
    assert (await posting).text == "SUCCESS"


async def test_repeats_are_answered_with_success_and_change_nothing(pool: Pool, receiver: Receiving) -> None:
    """A repeat is the same meaning: signed anew, in another format, encrypted, or spaced otherwise."""
    await asked_for(pool)
    await receiver.post(told())
    before = await trade(pool)
    spaced = told(code="C 1")  # the sign does not protect blanks
    repeats = [told(), told(at_ms=2), *(told(query=query) for query in QUERIES), spaced]
    for repeat in repeats:
        assert (await receiver.post(repeat)).text == "SUCCESS"
    assert await trade(pool) == before
    assert await pool.fetchval("SELECT times FROM callback") == 1 + len(repeats)
    assert receiver.verdicts() == {"applied": 1, "duplicate": len(repeats)}
    timed = receiver.registry.get_sample_value("paybus_callback_duration_seconds_count")
    assert timed == 1 + len(repeats)


async def test_copies_at_once_are_applied_once(pool: Pool, receiver: Receiving) -> None:
    """Fifty copies on fifty connections: all get SUCCESS, and there is one event."""
    await asked_for(pool)
    answers = await asyncio.gather(*(receiver.post(told(at_ms=number)) for number in range(50)))
    assert {answer.text for answer in answers} == {"SUCCESS"}
    assert await events(pool) == ["trade.paid"]
    assert await pool.fetchval("SELECT times FROM callback") == 50


async def test_another_amount_is_a_discrepancy(pool: Pool, receiver: Receiving) -> None:
    """A rightly signed callback with a wrong amount is kept, announced and not applied."""
    await asked_for(pool)
    with capture_logs() as lines:
        assert (await receiver.post(told(amt=AMOUNT + 1))).text == "SUCCESS"
    assert (await trade(pool))["paid_fen"] == 0
    assert await events(pool) == ["trade.discrepancy"]
    assert receiver.verdicts() == {"discrepancy": 1}
    assert [(line["event"], line["charge_code"]) for line in lines] == [("callback.discrepancy", "C1")]


async def test_what_is_not_paid_is_kept_and_asked_about(pool: Pool, receiver: Receiving) -> None:
    """Only "paid" is believed: another state moves nothing, whatever it says."""
    await asked_for(pool)
    assert (await receiver.post(told(state=3))).text == "SUCCESS"
    assert (await trade(pool))["state"] == "accepted"
    assert await pool.fetchval("SELECT gateway_state FROM callback") == 3
    assert receiver.verdicts() == {"recorded": 1}


async def test_a_stranger_is_kept(pool: Pool, receiver: Receiving) -> None:
    """A callback about a trade that nobody asked for is kept and announced; that is the end of it."""
    assert (await receiver.post(told("X1"))).text == "SUCCESS"
    assert await pool.fetchval("SELECT receipt FROM callback") == "unmatched"
    assert await pool.fetchval("SELECT ce_type FROM event") == "callback.unmatched"
    assert receiver.verdicts() == {"unmatched": 1}
