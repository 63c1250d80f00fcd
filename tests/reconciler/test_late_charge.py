"""A charge after the trade ended unpaid: one discrepancy, one refund, whoever hears of it and dies of it."""

import asyncio

import pytest
from tests.ledger.house import cancel, concluded, hand, hears, started, told
from tests.ledger.tables import events, operation, trade
from tests.reconciler.house import AMOUNT, ID, House, canceller

from paybus.contracts.command import RefundCommand, decode
from paybus.ledger.errors import LedgerError
from paybus.ledger.pool import Pool
from paybus.ledger.watch import learn_of
from paybus.trades.operation import Kind
from paybus.trades.outcome import Facts
from paybus.trades.trade import Trade
from paybus.trades.watch import Lesson, Rules, learn

REFUND = "auto-C1"
TOLD = ("SUCCESS", Facts(gateway_state=1, amount_fen=AMOUNT))


def _learning(trade: Trade, announced: bool) -> Lesson:
    return learn(trade, 0, TOLD, announced=announced, rules=Rules())


async def _revoked(house: House) -> None:
    """Have a trade that we hold revoked, and the gateway does not: its customer may still pay."""
    await house.awaits("C1")
    worker = await canceller(house.pool)
    await worker.settles(*[concluded(held) for held in await worker.granted(cancel("C1"))])
    await house.passes()
    await house.watchman().follow()
    await house.passes()


async def test_a_late_charge_is_announced_and_given_back(house: House) -> None:
    """The watch finds it: a discrepancy, the charge in the books, and a refund of all of it in the ledger."""
    await _revoked(house)
    house.pays()
    await house.watchman().look()
    assert await events(house.pool) == ["trade.created", "trade.revoked", "trade.discrepancy"]
    row = await trade(house.pool)
    assert (row["state"], row["paid_fen"], row["refunded_fen"]) == ("revoked", AMOUNT, 0)
    refund = await operation(house.pool, REFUND, Kind.REFUND)
    assert (refund["amount_fen"], refund["automatic"], refund["state"]) == (AMOUNT, True, "waiting")
    command = decode(refund["command"], Kind.REFUND)
    assert isinstance(command, RefundCommand)
    assert (command.out_refund_no, command.charge_code) == (REFUND, "C1")
    assert await house.watch() == {}


async def test_the_refund_keeps_the_books_right(house: House) -> None:
    """Reserved when granted, counted when done; the trade stays revoked, and only the refund is announced."""
    await test_a_late_charge_is_announced_and_given_back(house)
    refunder = await hand(house.pool, Kind.REFUND)
    (held,) = await refunder.claims()
    (granted,) = await refunder.settles(started(held))
    assert granted.held is not None
    assert (await trade(house.pool))["reserved_fen"] == AMOUNT
    await refunder.settles(concluded(granted.held))
    row = await trade(house.pool)
    assert (row["state"], row["paid_fen"], row["refunded_fen"], row["reserved_fen"]) == (
        "revoked", AMOUNT, AMOUNT, 0,
    )  # fmt: skip
    assert (await events(house.pool))[2:] == ["trade.discrepancy", "refund.succeeded"]


async def test_a_callback_that_told_first_is_not_told_again(house: House) -> None:
    """The notifier announced the discrepancy; the watch proves it by an inquiry and gives the money back."""
    await _revoked(house)
    house.pays()
    await hears(house.pool, told("C1"))
    await house.watchman().look()
    assert await events(house.pool) == ["trade.created", "trade.revoked", "trade.discrepancy"]
    assert (await operation(house.pool, REFUND, Kind.REFUND))["state"] == "waiting"


async def test_a_callback_after_it_is_no_news(house: House) -> None:
    """What is in the books is known: its callback is stale, and nothing more is refunded."""
    await test_a_late_charge_is_announced_and_given_back(house)
    await hears(house.pool, told("C1"))
    assert (await events(house.pool))[2:] == ["trade.discrepancy"]


async def test_a_crash_between_the_charge_and_its_refund_is_not_possible(
    pool: Pool, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written in one transaction: cut off in between, neither is, and the next look does both."""
    await _revoked(house)

    async def dies(*_: object) -> bool:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("paybus.ledger.watch.refund_charge", dies)
        with pytest.raises(LedgerError):
            await learn_of(pool, (ID, "C1"), _learning)
    assert (await trade(pool))["paid_fen"] == 0
    house.pays()
    await house.watchman().look()
    assert (await operation(pool, REFUND, Kind.REFUND))["amount_fen"] == AMOUNT


async def test_however_many_hear_of_it_there_is_one_refund(pool: Pool, house: House) -> None:
    """Ten inquiries at once, and their repeats, make one discrepancy and one refund."""
    await _revoked(house)
    for _ in range(2):
        await asyncio.gather(*(learn_of(pool, (ID, "C1"), _learning) for _ in range(10)))
    assert (await events(pool))[2:] == ["trade.discrepancy"]
    assert await pool.fetchval("SELECT count(*) FROM operation WHERE kind = 'refund'") == 1


async def test_by_policy_it_is_left_to_a_person(pool: Pool, house: House) -> None:
    """Without the policy it is announced once, no refund is made, and the books keep what they held true."""
    await _revoked(house)
    rules = Rules(refund_late_charges=False)
    for _ in range(2):
        await learn_of(pool, (ID, "C1"), lambda one, told: learn(one, 0, TOLD, announced=told, rules=rules))
    assert (await events(pool))[2:] == ["trade.discrepancy"]
    assert (await trade(pool))["paid_fen"] == 0
    assert await pool.fetchval("SELECT count(*) FROM operation WHERE kind = 'refund'") == 0
