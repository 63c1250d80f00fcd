"""At the gateway: sent once, confirmed where a code proves nothing, asked by what the gateway can know."""

from dataclasses import replace
from typing import Any

import pytest
from tests.execution.crew import ID, Crew, barcode, cancel, client_of, pays, refund
from tests.gateway.loopback import Loopback
from tests.sandbox.house import House

from paybus.execution.operator import Operator
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.trades.operation import OperationState
from paybus.trades.outcome import Outcome, Source, Verdict


def operator(crew: Crew) -> Operator:
    """Give the crew's operator."""
    return crew.turns._operator


async def sent(crew: Crew, document: dict[str, Any]) -> Outcome:
    """Send a new operation, whatever its state."""
    (held,) = await crew.accepts(document)
    return await operator(crew).send(held)


def since(held: Held, quiet_seconds: float | None) -> Held:
    """Give *held* as one whose last request was over so long ago."""
    unknown = replace(held.operation, state=OperationState.UNKNOWN)
    return replace(held, operation=unknown, quiet_seconds=quiet_seconds)


async def test_an_answer_that_proves_itself_costs_one_call(payer: Crew) -> None:
    """SUCCESS of a barcode pay is the whole truth."""
    outcome = await sent(payer, barcode())
    assert (outcome.verdict, outcome.source, outcome.reply_code) == (
        Verdict.EXECUTED,
        Source.REPLY,
        "SUCCESS",
    )
    assert payer.journal.operations == ["pay"]


async def test_a_code_that_proves_nothing_is_confirmed_by_one_inquiry(payer: Crew) -> None:
    """FAIL and then "closed" is declined; the reply's code is what is remembered."""
    outcome = await sent(payer, barcode("FAULT-DECLINE-1"))
    assert (outcome.verdict, outcome.return_code, outcome.reply_code) == (Verdict.DECLINED, "FAIL", "FAIL")
    assert payer.journal.operations == ["pay", "query"]


async def test_our_own_number_repeated_is_asked_about_and_adopted(payer: Crew, house: House) -> None:
    """SERIAL_REPEAT: a request of ours arrived before. What became of it is the answer."""
    house.gateway.books.rules = replace(house.gateway.books.rules, duplicate_detection=True)
    (held,) = await payer.accepts(barcode())
    await operator(payer).send(held)
    outcome = await operator(payer).send(held)
    assert (outcome.verdict, outcome.return_code) == (Verdict.EXECUTED, "SERIAL_REPEAT")
    assert (payer.charged(), payer.journal.operations) == (["C1"], ["pay", "pay", "query"])


async def test_a_refund_is_not_done_when_it_is_taken(pool: Pool, house: House, refunder: Crew) -> None:
    """SUCCESS says that it was taken; its own state says whether the money went back."""
    await pays(pool, house)
    outcome = await sent(refunder, refund())
    assert (outcome.verdict, outcome.facts.gateway_state) == (Verdict.EXECUTED, 11)
    pending = await sent(refunder, refund("FAULT-REFUND_LATE-1"))
    assert (pending.verdict, pending.reason) == (Verdict.UNKNOWN, "pending")


async def test_a_refund_is_asked_about_by_its_own_number(pool: Pool, house: House, refunder: Crew) -> None:
    """The trade's state does not tell two refunds apart."""
    await pays(pool, house)
    (held, other) = await refunder.accepts(refund("R1"), refund("R2"))
    await operator(refunder).send(held)
    assert (await operator(refunder).ask(since(held, 10.0))).verdict is Verdict.EXECUTED
    assert (await operator(refunder).ask(since(other, 10.0))).verdict is Verdict.NOT_EXECUTED


@pytest.mark.parametrize(
    ("quiet_seconds", "verdict"),
    [(None, Verdict.UNKNOWN), (2.9, Verdict.UNKNOWN), (3.0, Verdict.NOT_EXECUTED)],
)
async def test_not_there_is_believed_when_the_gateway_had_time(
    payer: Crew, quiet_seconds: float | None, verdict: Verdict
) -> None:
    """Inside its query lag, or if nobody knows since when, "no such order" proves nothing."""
    (held,) = await payer.accepts(barcode())
    assert (await operator(payer).ask(since(held, quiet_seconds))).verdict is verdict


async def test_the_reply_of_a_failed_pay_is_remembered_when_it_is_asked_about(payer: Crew) -> None:
    """FAIL, and later the gateway knows nothing of it: declined, and not sent again."""
    (held,) = await payer.accepts(barcode())
    failed = replace(held, operation=replace(held.operation, reply_code="FAIL"))
    assert (await operator(payer).ask(since(failed, 10.0))).verdict is Verdict.DECLINED


async def test_a_cancel_is_asked_about_by_its_trade(pool: Pool, house: House, canceller: Crew) -> None:
    """Whether it was revoked is the trade's own state."""
    await pays(pool, house)
    (held,) = await canceller.accepts(cancel())
    assert (await operator(canceller).ask(since(held, 10.0))).verdict is Verdict.NOT_EXECUTED
    await operator(canceller).send(held)
    assert (await operator(canceller).ask(since(held, 10.0))).verdict is Verdict.EXECUTED


async def test_an_inquiry_nobody_answers_concludes_nothing(payer: Crew) -> None:
    """The gateway cannot be reached: that says nothing of what was sent before."""
    (held,) = await payer.accepts(barcode())
    payer.lose_gateway()
    assert (await operator(payer).ask(since(held, 1000.0))).verdict is Verdict.UNKNOWN
    assert payer.journal.calls[-1].error == "ConnectFailedError"


async def test_a_field_the_wire_cannot_carry_is_declined_unsent(payer: Crew, loopback: Loopback) -> None:
    """Nothing left us, so there is nothing to ask about."""
    payer.clients[ID] = client_of(payer.house.engine, loopback.base_url)
    outcome = await sent(payer, barcode(subject=" "))
    assert (outcome.verdict, outcome.reason) == (Verdict.DECLINED, "field_invalid")
    assert (loopback.requests, payer.journal.calls[-1].error) == ([], "MissingParametersError")


async def test_without_its_merchant_nothing_is_asked_or_sent(payer: Crew) -> None:
    """Sending is put off, asking tells nothing; neither is a call."""
    (held,) = await payer.accepts(barcode())
    payer.clients.clear()
    assert (await operator(payer).send(held)).verdict is Verdict.NOT_EXECUTED
    assert (await operator(payer).ask(since(held, 1000.0))).verdict is Verdict.UNKNOWN
    assert payer.journal.calls == []
