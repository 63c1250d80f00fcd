"""After a restore: what the gateway did in the past that the ledger lost is adopted, and never done again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.execution.crew import ID, Crew, barcode, cancel, enlist, pays, refund
from tests.intake.records import record
from tests.ledger.tables import passes
from tests.sandbox.house import House, payment

from paybus.gateway.cancel import CancelRequest
from paybus.gateway.refund import RefundRequest
from paybus.intake.reading import Reader
from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.claim import release
from paybus.ledger.pool import Pool
from paybus.ledger.restoration import End, doubt_everything, doubts_about
from paybus.trades.money import Fen
from paybus.trades.operation import Kind

TOPIC = "paybus.pay.commands.v1"
HUNG_SECONDS = 300.0


async def restores(pool: Pool, house: House, kind: Kind, *, end: int = 0) -> Crew:
    """Say that the ledger was restored; give a worker that starts afterwards."""
    ends = [End(TOPIC, 3, end)] if end else []
    await doubt_everything(pool, ends, lease_seconds=0.0, hung_seconds=HUNG_SECONDS)
    return await enlist(pool, house, kind)


async def waiting(pool: Pool, house: House, kind: Kind, *documents: dict[str, Any]) -> None:
    """Have commands accepted that could not be sent before the moment which is restored."""
    worker = await enlist(pool, house, kind)
    worker.lose_gateway()
    await worker.takes(*documents)


async def refunded(house: House, number: str = "R1", amount_fen: int = 5000) -> None:
    """Have the gateway refund, in the past that the ledger lost."""
    request = RefundRequest(
        refund_number=number, charge_code="C1", amount_fen=Fen(amount_fen), subject="Returned"
    )
    assert (await house.client().refund(request)).code == "SUCCESS"


def refunds(house: House) -> list[int]:
    """Give what was refunded, one amount an effect."""
    return [amount_fen for _, _, amount_fen, _ in house.effects("refund")]


async def again(worker: Crew, *documents: dict[str, Any], offset: int = 7) -> Accepted:
    """Have the worker read records that are on Kafka still."""
    doubts = await doubts_about(worker.pool, TOPIC)
    reader = Reader(kind=worker.kind, merchants={ID}, expiry=timedelta(seconds=80), doubts=doubts)
    read = [reader.read(record(one, timestamp=-1, offset=offset)) for one in documents]
    return await accept(worker.pool, worker.worker_id, [one for one in read if isinstance(one, Acceptance)])


async def test_a_pay_that_was_sent_in_the_lost_past_is_adopted(pool: Pool, house: House) -> None:
    """It waited at the restored moment and was charged since: asked about, paid, and not sent again."""
    await waiting(pool, house, Kind.PAY, barcode())
    await house.client().pay(payment())
    payer = await restores(pool, house, Kind.PAY)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), await payer.events()) == ("done", ["trade.paid"])
    assert (payer.journal.operations, len(payer.charged())) == (["query"], 1)


async def test_a_pay_that_was_never_sent_is_sent_when_that_is_certain(pool: Pool, house: House) -> None:
    """Not before everything that may be on its way must have shown; until then nothing is announced."""
    await waiting(pool, house, Kind.PAY, barcode())
    payer = await restores(pool, house, Kind.PAY)
    for _ in range(2):
        assert await payer.goes_on() == 1
        assert (await payer.state("C1"), payer.sent(), await payer.events()) == ("waiting", [], [])
        await passes(pool, HUNG_SECONDS / 2)
    assert await payer.goes_on() == 1
    assert (await payer.row("C1"))["doubted_at"] is not None
    await passes(pool, 600)
    assert await payer.goes_on() == 1
    assert (await payer.row("C1"))["doubted_at"] is None
    await passes(pool)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), payer.charged()) == ("done", ["C1"])
    assert payer.journal.operations == ["query", "query", "query", "query", "pay"]


async def test_a_pay_in_doubt_that_has_expired_is_asked_about_and_not_sent(pool: Pool, house: House) -> None:
    """The customer is gone: declined as soon as the gateway is believed that it knows nothing."""
    document = barcode(expires_at="2026-01-02T03:04:05Z")
    payer = await restores(pool, house, Kind.PAY, end=8)
    await again(payer, document)
    for _ in range(3):
        assert await payer.goes_on() == 1
        await passes(pool)
    assert (await payer.state("C1"), (await payer.trade())["state"]) == ("rejected", "declined")
    assert payer.sent() == []


@pytest.mark.parametrize("code", ["C1", "FAULT-RESET_BEFORE-1"])
async def test_what_is_asked_about_anyway_is_believed_later(pool: Pool, house: House, code: str) -> None:
    """READY or UNKNOWN, it may have been sent anew since, seconds before the loss, and be on its way."""
    worker = await enlist(pool, house, Kind.PAY)
    (held,) = await worker.accepts(barcode(code))
    if code != "C1":
        await worker.turns.take(held)
        await passes(pool)
    assert await worker.state(code) == ("ready" if code == "C1" else "unknown")
    payer = await restores(pool, house, Kind.PAY)
    assert await payer.goes_on() == 1
    await house.client().pay(payment(code))  # it arrives
    await passes(pool, 60)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), payer.charged()) == ("done", [code])


async def test_a_refund_that_waits_for_its_pay_is_asked_about_after_it(pool: Pool, house: House) -> None:
    """The pay is found to be paid, then the refund to be made; it is counted once, and not made again."""
    await waiting(pool, house, Kind.PAY, barcode())
    await waiting(pool, house, Kind.REFUND, refund())
    await house.client().pay(payment())
    await refunded(house)
    payer = await restores(pool, house, Kind.PAY)
    refunder = await enlist(pool, house, Kind.REFUND)
    assert await refunder.goes_on() == 1
    assert (await refunder.state("R1"), refunder.journal.operations) == ("waiting", [])
    await payer.goes_on()
    await passes(pool, 1)
    assert await refunder.goes_on() == 1
    assert (await refunder.state("R1"), refunder.journal.operations) == ("done", ["query"])
    trade = await refunder.trade()
    assert (trade["state"], trade["refunded_fen"], trade["reserved_fen"]) == ("partially_refunded", 5000, 0)
    assert refunds(house) == [5000]


async def test_a_refund_that_the_gateway_does_not_know_holds_nothing(pool: Pool, house: House) -> None:
    """Of two that are more than was paid, the one that was made is counted, the other one refused."""
    await pays(pool, house)
    await waiting(pool, house, Kind.REFUND, refund("R1", amount_fen=10_000), refund("R2", amount_fen=10_000))
    await refunded(house, "R2", 10_000)
    refunder = await restores(pool, house, Kind.REFUND)
    assert await refunder.goes_on() == 2
    assert [await refunder.state(key) for key in ("R1", "R2")] == ["waiting", "done"]
    for _ in range(2):
        await passes(pool)
        assert await refunder.goes_on() == 1
    assert await refunder.state("R1") == "rejected"
    assert refunds(house) == [10_000]
    assert "trade.discrepancy" not in await refunder.events()


async def test_a_refund_that_nobody_could_ask_about_holds_its_amount(pool: Pool, house: House) -> None:
    """Without an answer it is unknown like any other, so that no other refund takes its money."""
    await pays(pool, house)
    await waiting(pool, house, Kind.REFUND, refund(amount_fen=10_000))
    refunder = await restores(pool, house, Kind.REFUND)
    refunder.lose_gateway()
    await refunder.goes_on()
    assert (await refunder.state("R1"), (await refunder.trade())["reserved_fen"]) == ("unknown", 10_000)


async def test_a_refund_of_a_trade_nobody_knows_is_not_refused_while_it_was_made(
    pool: Pool, house: House
) -> None:
    """Its pay may come again from Kafka; until then it stands, and then it is counted."""
    await waiting(pool, house, Kind.REFUND, refund())
    await house.client().pay(payment())
    await refunded(house)
    refunder = await restores(pool, house, Kind.REFUND, end=8)
    await pool.execute("UPDATE operation SET doubted_at = now() - interval '1 hour'")
    assert await refunder.goes_on() == 1
    assert (await refunder.state("R1"), refunder.journal.operations) == ("waiting", ["query"])
    payer = await enlist(pool, house, Kind.PAY)
    await again(payer, barcode())
    await payer.goes_on()
    await passes(pool)
    await refunder.goes_on()
    assert (await refunder.state("R1"), (await refunder.trade())["refunded_fen"]) == ("done", 5000)
    assert (len(payer.charged()), refunds(house)) == (1, [5000])


async def test_a_refund_of_a_trade_nobody_knows_is_refused_when_it_was_not_made(
    pool: Pool, house: House
) -> None:
    """The gateway knows neither of them: nothing is left to wait for."""
    await waiting(pool, house, Kind.REFUND, refund())
    refunder = await restores(pool, house, Kind.REFUND)
    await pool.execute(
        "UPDATE operation SET accepted_at = now() - interval '1 hour', doubted_at = now() - interval '1 hour'"
    )
    for _ in range(3):
        await refunder.goes_on()
        await passes(pool)
    assert (await refunder.state("R1"), refunds(house)) == ("rejected", [])


async def test_a_refund_waits_for_its_pay_from_the_restore_on(pool: Pool, house: House) -> None:
    """That it was accepted long ago says nothing: its pay may still be on Kafka."""
    await waiting(pool, house, Kind.REFUND, refund())
    await pool.execute("UPDATE operation SET accepted_at = now() - interval '1 hour'")
    refunder = await restores(pool, house, Kind.REFUND)
    await refunder.goes_on()
    assert (await refunder.state("R1"), refunder.journal.operations) == ("waiting", [])


async def test_a_cancel_of_the_lost_past_is_adopted(pool: Pool, house: House) -> None:
    """The trade is revoked at the gateway: told, and not revoked again."""
    await pays(pool, house)
    await waiting(pool, house, Kind.CANCEL, cancel())
    await house.client().cancel(CancelRequest(charge_code="C1"))
    canceller = await restores(pool, house, Kind.CANCEL)
    assert await canceller.goes_on() == 1
    assert (await canceller.state("C1"), (await canceller.trade())["state"]) == ("done", "revoked")
    assert canceller.journal.operations == ["query"]
    assert len(house.effects("revocation")) == 1


async def test_a_cancel_that_was_never_sent_is_sent(pool: Pool, house: House) -> None:
    """The gateway shows the trade as paid after all that time, so the cancel goes out, once."""
    await pays(pool, house)
    await waiting(pool, house, Kind.CANCEL, cancel())
    canceller = await restores(pool, house, Kind.CANCEL)
    for _ in range(3):
        await canceller.goes_on()
        await passes(pool)
    assert (await canceller.state("C1"), len(house.effects("revocation"))) == ("done", 1)
    assert canceller.journal.operations == ["query", "query", "cancel"]


async def test_commands_that_come_again_are_asked_about(pool: Pool, house: House) -> None:
    """Their rows are lost, their effects are not: records below the end are held by nobody, and doubted."""
    await house.client().pay(payment())
    payer = await restores(pool, house, Kind.PAY, end=8)
    accepted = await again(payer, barcode())
    assert (accepted.held, accepted.doubted, accepted.duplicates) == ((), 1, 0)
    repeated = await again(payer, barcode())
    assert (repeated.doubted, repeated.duplicates) == (0, 1)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), len(payer.charged())) == ("done", 1)
    assert payer.journal.operations == ["query"]


async def test_commands_from_after_the_restore_are_new(pool: Pool, house: House) -> None:
    """A record at the end or behind it cannot have been read by anybody: it is sent at once."""
    payer = await restores(pool, house, Kind.PAY, end=7)
    accepted = await again(payer, barcode())
    assert ([held.operation.key for held in accepted.held], accepted.doubted) == (["C1"], 0)
    await payer.turns.take(accepted.held[0])
    assert payer.journal.operations == ["pay"]


async def test_who_gives_doubted_work_back_leaves_the_doubt(pool: Pool, house: House) -> None:
    """A worker that stops before it asked takes nothing away from when the gateway is believed."""
    await waiting(pool, house, Kind.PAY, barcode())
    (await enlist(pool, house, Kind.PAY)).lose_gateway()
    payer = await restores(pool, house, Kind.PAY)
    held = await payer.claims()
    assert [one.doubted for one in held] == [True]
    await pool.execute("UPDATE operation SET state = 'ready'")  # whatever it is, it is believed no sooner
    await release(pool, payer.worker_id, None, cut_off_seconds=3.0, lag_seconds=3.0)
    row = await payer.row("C1")
    assert row["doubted_at"] is not None
    assert row["quiet_for"] == pytest.approx(-HUNG_SECONDS, abs=30)


async def test_what_nobody_asked_for_may_have_been_wished_before(pool: Pool, house: House) -> None:
    """The cancel of an overdue pay is asked about first in a ledger that was restored."""
    payer = await restores(pool, house, Kind.PAY, end=8)
    payer.lose_gateway()
    await again(payer, barcode(expires_at="2026-01-02T03:04:05Z"))
    await payer.goes_on()
    assert await payer.state("C1") == "unknown"
    assert await cancel_overdue_pays(pool, grace_seconds=1.0, most=9) == [(ID, "C1")]
    canceller = await enlist(pool, house, Kind.CANCEL)
    (held,) = await canceller.claims()
    assert held.doubted
    await canceller.turns.take(held)
    assert (canceller.journal.operations, canceller.sent()) == (["query"], [])


async def test_who_takes_over_a_doubted_cancel_takes_the_doubt(pool: Pool, house: House) -> None:
    """A cancel that comes again and was in our mind already is asked about, too."""
    payer = await restores(pool, house, Kind.PAY, end=8)
    payer.lose_gateway()
    await again(payer, barcode(expires_at="2026-01-02T03:04:05Z"))
    await payer.goes_on()
    await cancel_overdue_pays(pool, grace_seconds=1.0, most=9)
    await pool.execute("UPDATE operation SET doubted_at = NULL, quiet_since = NULL WHERE kind = 'cancel'")
    canceller = await enlist(pool, house, Kind.CANCEL)
    await again(canceller, cancel())
    row = await canceller.row("C1")
    assert (row["automatic"], row["state"]) == (False, "waiting")
    assert row["doubted_at"] is not None
    assert replace((await canceller.claims())[0], doubted=True).quiet_seconds is not None
