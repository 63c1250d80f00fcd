"""Every route of an operation, on a real ledger and in front of the sandbox's books."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from typing import Any, Literal

import pytest
from tests.execution.crew import (
    ID,
    LIMITS,
    Crew,
    barcode,
    cancel,
    client_of,
    enlist,
    native,
    open_sandbox,
    pays,
    refund,
)
from tests.gateway.loopback import Loopback, answer
from tests.ledger.tables import passes
from tests.sandbox.house import House, until

from paybus.execution.turn import MERCHANT_PAUSE_SECONDS, StoppingError
from paybus.gateway.client import GatewayClient
from paybus.gateway.exchange import Timeouts
from paybus.ledger.claim import release
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings, Rule
from paybus.trades.inquiry import CUT_OFF_SECONDS
from paybus.trades.operation import Kind

AFTER = ["lost_answer", "reset_after", "error_after", "garbage", "html", "truncated", "unknown_code"]
"""Faults that come when the customer has been charged, and hide it."""
BEFORE = ["reset_before", "error_before"]
"""Faults that look the same, and the customer has not been charged."""
LONG_AGO = "2026-01-02T03:04:05Z"


def code_with(fault: str) -> str:
    """Give a code that meets *fault* once."""
    return f"FAULT-{fault.upper()}-1"


async def test_a_pay_is_made_once_and_announced(payer: Crew) -> None:
    """One call, one charge, one event, and the operation is answered by it."""
    await payer.takes(barcode())
    assert (payer.sent(), payer.charged()) == ([("pay", "C1")], ["C1"])
    assert (await payer.state("C1"), await payer.events()) == ("done", ["trade.paid"])
    assert (await payer.row("C1"))["answer_id"] == f"{ID}/C1/1"
    assert payer.journal.operations == ["pay"]


async def test_an_order_waits_for_its_customer(payer: Crew) -> None:
    """What the customer has to pay is created with its QR code, and paid by nobody yet."""
    await payer.takes(native())
    assert (await payer.state("C1"), await payer.events()) == ("done", ["trade.created"])
    assert ((await payer.trade())["state"], payer.charged()) == ("awaiting_payment", [])
    value = await payer.pool.fetchval("SELECT value FROM event")
    assert json.loads(value)["bar_code"]


async def test_a_declined_pay_is_confirmed_and_not_sent_again(payer: Crew) -> None:
    """FAIL is believed when an inquiry has seen it too; then it is declined, for good."""
    code = code_with("decline")
    await payer.takes(barcode(code))
    assert payer.journal.operations == ["pay", "query"]
    assert (await payer.state(code), await payer.events(code)) == ("done", ["trade.declined"])
    assert (payer.sent(), payer.charged()) == ([("pay", code)], [])


@pytest.mark.parametrize("fault", AFTER)
async def test_a_hidden_charge_is_asked_about_and_never_sent_again(payer: Crew, fault: str) -> None:
    """No answer, an answer nobody can read, a code nobody knows: unknown, then asked, then paid."""
    code = code_with(fault)
    await payer.takes(barcode(code))
    assert (await payer.state(code), await payer.events(code)) == ("unknown", ["trade.unknown"])
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), await payer.events(code)) == ("done", ["trade.unknown", "trade.paid"])
    assert (payer.sent(), payer.charged()) == ([("pay", code)], [code])


@pytest.mark.parametrize("fault", BEFORE)
async def test_what_did_not_happen_is_sent_again_when_that_is_certain(payer: Crew, fault: str) -> None:
    """Within its query lag the gateway's "not there" proves nothing; after it, the pay is sent once more."""
    code = code_with(fault)
    await payer.takes(barcode(code))
    await passes(payer.pool, 1.5)  # since it was sent; the lag is 3 s
    assert await payer.goes_on() == 1
    assert (await payer.state(code), len(payer.sent())) == ("unknown", 1)
    assert (await payer.row(code))["quiet_for"] >= 1.5  # asking is no sending
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), len(payer.sent())) == ("waiting", 1)
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), await payer.events(code)) == ("done", ["trade.unknown", "trade.paid"])
    assert (len(payer.sent()), payer.charged()) == (2, [code])


async def test_what_could_not_be_sent_is_sent_later_without_asking(payer: Crew) -> None:
    """A refused connection is certain: nothing to ask, nothing to announce, and a second later it is sent."""
    payer.lose_gateway()
    await payer.takes(barcode())
    row = await payer.row("C1")
    assert (row["state"], row["due_in"] <= 1.0, await payer.events()) == ("waiting", True, [])
    payer.find_gateway()
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), payer.charged()) == ("done", ["C1"])
    assert payer.journal.operations == ["pay", "pay"]


async def test_an_expired_pay_is_never_sent(payer: Crew) -> None:
    """The customer has left the till: it is refused, and the gateway hears nothing of it."""
    await payer.takes(barcode(expires_at=LONG_AGO))
    assert (await payer.state("C1"), (await payer.trade())["state"]) == ("rejected", "declined")
    (value,) = await payer.rejections()
    assert (json.loads(value)["reason"], payer.journal.operations) == ("expired", [])


async def test_a_pay_that_expired_while_it_could_not_be_sent_is_not_sent(payer: Crew) -> None:
    """Being tried before does not keep it alive."""
    payer.lose_gateway()
    until = datetime.now(UTC) + timedelta(seconds=0.3)
    await payer.takes(barcode(expires_at=until.isoformat()))
    payer.find_gateway()
    await passes(payer.pool)
    async with asyncio.timeout(30):
        while datetime.now(UTC) < until:  # noqa: ASYNC110 -- it is the time itself that must pass
            await asyncio.sleep(0.01)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), payer.sent()) == ("rejected", [])


@pytest.mark.parametrize(("document", "kind"), [(refund(), Kind.REFUND), (cancel(), Kind.CANCEL)])
async def test_nothing_granted_is_sent_too_late(
    pool: Pool, house: House, document: dict[str, Any], kind: Kind
) -> None:
    """Between its leave and its call time may have passed: it gives back what it holds, and is refused."""
    await pays(pool, house)
    crew = await enlist(pool, house, kind)
    (held,) = await crew.accepts(document)
    granted = await crew.turns._start(held)
    assert granted is not None
    await crew.turns._at_gateway(_expired(granted))
    trade = await crew.trade()
    assert (trade["reserved_fen"], trade["cancelling"], await crew.state(held.operation.key)) == (
        0,
        False,
        "waiting",
    )
    await pool.execute("UPDATE operation SET expires_at = now() WHERE kind <> 'pay'")
    await passes(pool)
    assert await crew.goes_on() == 1
    assert (await crew.state(held.operation.key), crew.journal.operations) == ("rejected", [])


async def test_a_refund_waits_for_its_pay(pool: Pool, house: House, refunder: Crew) -> None:
    """It may come before its pay: it is looked at again, and sent when the pay is made."""
    await refunder.takes(refund())
    row = await refunder.row("R1")
    assert (row["state"], row["due_in"] <= 0.1, refunder.journal.operations) == ("waiting", True, [])
    await pays(pool, house)
    await passes(pool)
    assert await refunder.goes_on() == 1
    assert await refunder.state("R1") == "done"
    assert await refunder.events() == ["trade.paid", "refund.succeeded", "trade.partially_refunded"]
    trade = await refunder.trade()
    assert (trade["refunded_fen"], trade["reserved_fen"]) == (5000, 0)
    assert [(kind, fen) for kind, _, fen, _ in house.effects()] == [("charge", 15800), ("refund", 5000)]


async def test_a_refund_without_a_pay_is_refused_in_the_end(refunder: Crew) -> None:
    """After a while nobody believes in its pay any more."""
    await refunder.takes(refund())
    await refunder.pool.execute("UPDATE operation SET accepted_at = accepted_at - interval '60 s'")
    await passes(refunder.pool)
    assert await refunder.goes_on() == 1
    (value,) = await refunder.rejections()
    assert (json.loads(value)["reason"], await refunder.state("R1")) == ("trade_unknown", "rejected")
    assert refunder.journal.operations == []


async def test_more_than_the_remainder_is_refused_unasked(pool: Pool, house: House, refunder: Crew) -> None:
    """The guard knows the books: the gateway is not asked for what it would have to refuse."""
    await pays(pool, house)
    await refunder.takes(refund("R1", amount_fen=10000), refund("R2", amount_fen=5801))
    assert (await refunder.state("R1"), await refunder.state("R2")) == ("done", "rejected")
    (value,) = await refunder.rejections()
    assert json.loads(value)["reason"] == "amount_above_remainder"
    assert refunder.sent()[1:] == [("refund", "R1")]


async def test_a_refund_the_gateway_refuses_gives_its_amount_back(
    pool: Pool, house: House, refunder: Crew
) -> None:
    """Refused by the platform: announced, nothing moved, and the amount may be refunded otherwise."""
    await pays(pool, house)
    number = code_with("decline")
    await refunder.takes(refund(number))
    assert await refunder.state(number) == "done"
    assert await refunder.events() == ["trade.paid", "refund.failed"]
    trade = await refunder.trade()
    assert (trade["refunded_fen"], trade["reserved_fen"]) == (0, 0)


async def test_a_refund_the_gateway_works_on_is_asked_about(pool: Pool, house: House, refunder: Crew) -> None:
    """Taken is not refunded: it is announced as accepted, holds its amount, and succeeds later."""
    await pays(pool, house)
    number = code_with("refund_late")
    await refunder.takes(refund(number))
    assert (await refunder.state(number), (await refunder.trade())["reserved_fen"]) == ("pending", 5000)
    house.let_time_pass()
    await passes(pool)
    assert await refunder.goes_on() == 1
    assert await refunder.state(number) == "done"
    names = ["trade.paid", "refund.accepted", "refund.succeeded", "trade.partially_refunded"]
    assert await refunder.events() == names
    assert refunder.sent()[1:] == [("refund", number)]


async def test_a_hidden_refund_is_asked_about_and_never_sent_again(
    pool: Pool, house: House, refunder: Crew
) -> None:
    """Its answer lost, a refund keeps its amount until the gateway has told what became of it."""
    await pays(pool, house)
    number = code_with("lost_answer")
    await refunder.takes(refund(number))
    assert (await refunder.state(number), (await refunder.trade())["reserved_fen"]) == ("unknown", 5000)
    await passes(pool)
    assert await refunder.goes_on() == 1
    assert (await refunder.state(number), (await refunder.trade())["refunded_fen"]) == ("done", 5000)
    assert [kind for kind, *_ in house.effects()] == ["charge", "refund"]


async def test_a_cancel_revokes_at_once(pool: Pool, house: House, canceller: Crew) -> None:
    """A realtime cancel of a paid trade gives the money back."""
    await pays(pool, house)
    await canceller.takes(cancel())
    assert (await canceller.state("C1"), await canceller.events()) == (
        "done",
        ["trade.paid", "trade.revoked"],
    )
    assert [kind for kind, *_ in house.effects()] == ["charge", "revocation"]
    assert not (await canceller.trade())["cancelling"]


async def test_a_cancel_may_only_be_applied_for(pool: Pool, house: House, canceller: Crew) -> None:
    """With ACO the gateway decides later: applied for, asked about, revoked."""
    await pays(pool, house)
    await canceller.takes(cancel(method="application"))
    assert (await canceller.state("C1"), (await canceller.trade())["cancelling"]) == ("pending", True)
    house.let_time_pass()
    await passes(pool)
    assert await canceller.goes_on() == 1
    names = ["trade.paid", "trade.revocation_requested", "trade.revoked"]
    assert (await canceller.state("C1"), await canceller.events()) == ("done", names)
    assert len(canceller.sent()) == 2


async def test_a_refund_waits_for_a_cancel_that_may_be_under_way(
    pool: Pool, house: House, canceller: Crew, refunder: Crew
) -> None:
    """While a cancel's fate is unknown nothing is refunded: both would give the same money back."""
    await pays(pool, house)
    house.gateway.replace_faults(_losing("cancel"))
    await canceller.takes(cancel())
    assert await canceller.state("C1") == "unknown"
    await refunder.takes(refund())
    assert (await refunder.state("R1"), refunder.sent()[-1]) == ("waiting", ("cancel", "C1"))
    await passes(pool)
    assert await canceller.goes_on() == 1
    assert await canceller.state("C1") == "done"
    await passes(pool)
    assert await refunder.goes_on() == 1
    (value,) = await refunder.rejections()
    assert json.loads(value)["reason"] == "trade_revoked"


async def test_who_takes_over_asks_first(pool: Pool, house: House, payer: Crew) -> None:
    """A pay that may have been sent is asked about; the gateway knows it, so it is not sent again."""
    (held,) = await payer.accepts(barcode())
    await payer.turns._operator.send(held)  # and dies before it can write down the answer
    await _given_back(payer)
    successor = await enlist(pool, house)
    assert await successor.goes_on() == 1
    assert (successor.journal.operations, payer.charged()) == (["query"], ["C1"])
    assert (await successor.state("C1"), await successor.events()) == ("done", ["trade.paid"])


async def test_who_takes_over_sends_what_was_not_sent(pool: Pool, house: House, payer: Crew) -> None:
    """The gateway does not know it, and had time to: then it is sent, by the one who asked."""
    await payer.accepts(barcode())
    await _given_back(payer)
    successor = await enlist(pool, house)
    assert await successor.goes_on() == 1
    assert (successor.journal.operations, await successor.state("C1")) == (["query"], "waiting")
    await passes(pool)
    assert await successor.goes_on() == 1
    assert (successor.journal.operations, payer.charged()) == (["query", "pay"], ["C1"])


async def test_an_answer_over_another_amount_is_not_believed(payer: Crew, loopback: Loopback) -> None:
    """SUCCESS, but not of this: unknown, and asked about; it is never paid for us, and never sent again."""
    reply = {"RESULT": {"CODE": "SUCCESS"}, "CHARGE_CODE": "C1", "AMT": "15801", "STATE": "1"}
    loopback.replies(answer(json.dumps({"ORDER_RESP": reply, "QUERY_RESP": reply})))
    payer.clients[ID] = client_of(payer.house.engine, loopback.base_url)
    await payer.takes(barcode())
    assert ((await payer.row("C1"))["reason"], await payer.events()) == ("amount_differs", ["trade.unknown"])
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state("C1"), await payer.events()) == ("pending", ["trade.unknown"])
    assert payer.journal.operations == ["pay", "query"]


async def test_a_gateway_that_let_a_pay_hang_is_not_believed_as_soon(payer: Crew, loopback: Loopback) -> None:
    """It may take up later what hung: "not there" counts only when it had ten times as long, and the lag."""
    nowhere = answer(json.dumps({"QUERY_RESP": {"RESULT": {"CODE": "CHARGE_NONEXISTENT"}}}))

    async def behave(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"GET"):
            writer.write(nowhere)
        else:
            await asyncio.sleep(CUT_OFF_SECONDS + 0.05)  # it is slow: that is what this is about
            writer.close()

    loopback.behaviour = behave
    payer.clients[ID] = client_of(payer.house.engine, loopback.base_url)
    await payer.takes(barcode())
    assert (await payer.row("C1"))["quiet_for"] < -9 * CUT_OFF_SECONDS
    await passes(payer.pool, LIMITS.lag_seconds + 1)
    assert await payer.goes_on() == 1
    assert ((await payer.row("C1"))["reason"], await payer.state("C1")) == ("inside_query_lag", "unknown")
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert await payer.state("C1") == "waiting"
    assert payer.journal.operations == ["pay", "query", "query"]


async def test_what_waits_in_the_gateways_queue_is_not_sent_again(pool: Pool) -> None:
    """It is taken up after we gave it up and were told that it is not there: one call, one charge."""
    async with open_sandbox(faults=FaultSettings(late_seconds=600)) as house:
        payer, code = await enlist(pool, house), code_with("queued")
        impatient = Timeouts(connect_seconds=0.1, pay_seconds=CUT_OFF_SECONDS)
        payer.clients[ID] = GatewayClient(house.client().merchant, house.engine, timeouts=impatient)
        await payer.takes(barcode(code))
        await passes(pool, LIMITS.lag_seconds + 1)
        assert await payer.goes_on() == 1
        assert ((await payer.row(code))["reason"], payer.charged()) == ("inside_query_lag", [])
        house.let_time_pass()
        await until(lambda: bool(payer.charged()))
        await passes(pool)
        assert await payer.goes_on() == 1
        assert (await payer.state(code), payer.charged()) == ("done", [code])
        assert payer.sent() == [("pay", code)]


async def test_who_was_overtaken_writes_nothing(pool: Pool, house: House, payer: Crew) -> None:
    """Its operation is in other hands: its answer changes nothing, even if it is the right one."""
    (held,) = await payer.accepts(barcode())
    await _given_back(payer)
    successor = await enlist(pool, house)
    (taken,) = await successor.claims()
    await payer.turns.take(held)
    assert (await payer.row("C1"))["owner"] == successor.worker_id
    assert await payer.events() == []
    await successor.turns.take(taken)
    assert (await successor.state("C1"), payer.charged()) == ("done", ["C1"])


async def test_only_so_many_calls_are_made_at_once(pool: Pool, house: House) -> None:
    """A call that takes long keeps its place; the next one is not sent before it has ended."""
    payer = await enlist(pool, house, in_flight=1)
    slow = code_with("hold")
    first, second = await payer.accepts(barcode(slow), barcode("C2"))
    turns = [asyncio.create_task(payer.turns.take(held)) for held in (first, second)]
    await _until_sent(payer, 1)
    assert (payer.turns.in_flight, payer.sent()) == (1, [("pay", slow)])
    order = house.gateway.books.order(ID, slow)
    assert order is not None
    house.gateway.customers.approve(order)
    await asyncio.gather(*turns)
    assert (payer.turns.in_flight, payer.charged()) == (0, [slow, "C2"])


async def test_a_stopping_worker_sends_nothing(payer: Crew) -> None:
    """What waited for its place is not sent any more; it is still the worker's, who gives it back."""
    (held,) = await payer.accepts(barcode())
    payer.turns.stop()
    with pytest.raises(StoppingError):
        await payer.turns.take(held)
    assert (payer.sent(), (await payer.row("C1"))["owner"]) == ([], payer.worker_id)


async def test_nothing_is_sent_while_the_heart_does_not_beat(payer: Crew) -> None:
    """A worker that may have been taken for dead waits; its next beat proves that it has not been."""
    payer.heart._begun = float("-inf")
    (held,) = await payer.accepts(barcode())
    turn = asyncio.create_task(payer.turns.take(held))
    await _until_waiting(payer)
    assert (turn.done(), payer.sent()) == (False, [])
    await payer.heart.beat()
    await turn
    assert payer.charged() == ["C1"]


async def test_a_fenced_worker_can_be_stopped(payer: Crew) -> None:
    """Waiting for a beat that never comes ends with the stop."""
    payer.heart._begun = float("-inf")
    (held,) = await payer.accepts(barcode())
    turn = asyncio.create_task(payer.turns.take(held))
    await _until_waiting(payer)
    payer.turns.stop()
    with pytest.raises(StoppingError):
        await turn
    assert payer.sent() == []


async def test_a_merchant_who_was_taken_out_costs_no_calls(payer: Crew) -> None:
    """Without the file nothing can be sent; it is tried again in a minute, and sent when the file is back."""
    client = payer.clients.pop(ID)
    await payer.takes(barcode())
    row = await payer.row("C1")
    assert (row["state"], payer.journal.operations) == ("waiting", [])
    assert MERCHANT_PAUSE_SECONDS - 1 < row["due_in"] <= MERCHANT_PAUSE_SECONDS
    payer.clients[ID] = client
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert payer.charged() == ["C1"]


async def test_of_a_merchant_who_was_taken_out_nothing_is_concluded(payer: Crew) -> None:
    """A pay that may be at the gateway stays unknown until somebody can ask."""
    code = code_with("lost_answer")
    await payer.takes(barcode(code))
    client = payer.clients.pop(ID)
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), payer.journal.operations) == ("unknown", ["pay"])
    payer.clients[ID] = client
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert (await payer.state(code), payer.charged()) == ("done", [code])


def _expired(held: Held) -> Held:
    return replace(held, expires_at=datetime(2026, 1, 2, tzinfo=UTC))


def _losing(operation: Literal["cancel"]) -> FaultSettings:
    return FaultSettings(rules=(Rule(fault=Fault.LOST_ANSWER, operation=operation),))


async def _given_back(crew: Crew) -> None:
    """Let the crew's worker give everything back, long ago."""
    await release(crew.pool, crew.worker_id, None, cut_off_seconds=3.0, lag_seconds=3.0)
    await passes(crew.pool)


async def _until_sent(crew: Crew, calls: int) -> None:
    async with asyncio.timeout(30):
        while len(crew.sent()) < calls:  # noqa: ASYNC110 -- the books have no bell
            await asyncio.sleep(0.001)


async def _until_waiting(crew: Crew) -> None:
    """Return when somebody has taken a place at the gateway and waits in it."""
    async with asyncio.timeout(30):
        while crew.turns._calls._value == LIMITS.in_flight:  # noqa: ASYNC110 -- a semaphore has no bell
            await asyncio.sleep(0)
