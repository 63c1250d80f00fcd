"""Every event names a place in a trace, on both ledgers: of what caused it, and for ever the same."""

from dataclasses import replace

import pytest
from tests.ledger.house import (
    AMOUNT,
    MERCHANT,
    UNKNOWN,
    concluded,
    frees,
    hand,
    hears,
    pay,
    refund,
    told,
)
from tests.ledger.sides import MemorySide, PostgresSide, Side
from tests.telemetry.notebook import SAMPLED, SENDER, TRACE, noted

from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.watch import claim_watched, follow, learn_of
from paybus.telemetry.trace import SpanKind, begin_unplaced
from paybus.trades.operation import Method
from paybus.trades.outcome import Facts
from paybus.trades.watch import Rules, learn

PAY = pay().traceparent
SETTLE = f"00-{TRACE}-{'5' * 16}-01"


@pytest.fixture(params=["postgres", "memory"])
def side(request: pytest.FixtureRequest) -> Side:
    """Give a ledger of each sort, one after the other."""
    if request.param == "memory":
        return MemorySide()
    return PostgresSide(request.getfixturevalue("pool"), request.getfixturevalue("database_url"))


async def places(side: Side) -> dict[str, str | None]:
    """Give the place that each event names, by its type."""
    return {row["ce_type"]: row["traceparent"] for row in await side.rows("event")}


async def ordered(side: Side) -> None:
    """Have an order that waits for its customer."""
    worker = await hand(side.pool)
    command = pay()
    (held,) = await worker.holds(
        replace(command, operation=replace(command.operation, method=Method.NATIVE), traceparent=SAMPLED)
    )
    await worker.settles(concluded(held))


async def test_an_event_names_the_settlement_that_caused_it(side: Side) -> None:
    """Without a span of its own it names the operation's place."""
    worker = await hand(side.pool)
    first, second = await worker.holds(pay("C1"), pay("C2"))
    await worker.settles(replace(concluded(first), traceparent=SETTLE), concluded(second))
    rows = {row["charge_code"]: row["traceparent"] for row in await side.rows("event")}
    assert rows == {"C1": SETTLE, "C2": PAY}


async def test_who_takes_over_goes_on_in_the_same_trace(side: Side) -> None:
    """The place is in the ledger with the operation: no process has to survive for it."""
    dead, alive = await hand(side.pool), await hand(side.pool)
    await dead.holds(pay())
    await side.falls_silent(dead.worker_id, 100)
    assert await frees(side.pool) == 1
    await side.passes(100)
    (held,) = await alive.claims()
    assert held.traceparent == PAY


async def test_a_callbacks_events_are_in_the_trace_of_the_pay(side: Side) -> None:
    """Nobody traces callbacks at the gateway: the trade knows where they belong."""
    await ordered(side)
    await hears(side.pool, told())
    assert (await places(side))["trade.paid"] == SAMPLED


async def test_a_callback_that_is_traced_is_what_its_events_name(side: Side) -> None:
    """Its span is placed below the pay's, and a repeat's as well, which announces nothing."""
    await ordered(side)
    with noted() as notebook:
        first, again = (begin_unplaced("callback", SpanKind.SERVER) for _ in range(2))
        assert first
        assert again
        await hears(side.pool, replace(told(), span=first))
        await hears(side.pool, replace(told(), span=again))
        for span in (first, again):
            span.end({})
    assert [span.parent for span, _, _ in notebook.spans] == [SAMPLED] * 2
    assert (await places(side))["trade.paid"] == f"00-{TRACE}-{first.span_id}-01"


async def test_a_callback_that_came_first_is_matched_into_the_trace(side: Side) -> None:
    """While its trade is unknown it has no trace; what it does to the trade later has the pay's."""
    span = begin_unplaced("callback", SpanKind.SERVER)
    await hears(side.pool, replace(told(), span=span))
    assert await places(side) == {"callback.unmatched": None}
    worker = await hand(side.pool)
    await worker.accepts(replace(pay(), traceparent=SAMPLED))
    assert (await places(side))["trade.paid"] == SAMPLED


async def test_a_rejection_names_the_command_that_is_refused(side: Side) -> None:
    """Not the one that stands: whoever asked looks for it in his own trace. A repeat is the same."""
    worker = await hand(side.pool)
    await worker.accepts(pay())
    mine, another = f"00-{TRACE}-{SENDER}-01", f"00-{TRACE}-{'6' * 16}-01"
    await worker.accepts(replace(pay(meaning="other"), traceparent=mine))
    await worker.accepts(replace(pay(meaning="other"), traceparent=another))
    assert await places(side) == {"command.rejected": mine}


@pytest.mark.parametrize("span", [SETTLE, None])
async def test_what_an_inquiry_teaches_is_in_the_trace_of_the_pay(side: Side, span: str | None) -> None:
    """A watched trade is taken in hand with its place; the events name the reconciler's span, or that."""
    await ordered(side)
    await side.passes(100)
    await follow(side.pool, most=10, first_seconds=1.0)
    await side.passes(100)
    (watched,) = await claim_watched(side.pool, most=10)
    assert watched.traceparent == SAMPLED
    facts = Facts(gateway_state=1, amount_fen=AMOUNT)
    await learn_of(
        side.pool,
        watched.place,
        lambda trade, announced: learn(trade, 0, ("SUCCESS", facts), announced=announced, rules=Rules()),
        traceparent=span,
    )
    assert (await places(side))["trade.paid"] == (span or SAMPLED)


async def test_what_nobody_asked_for_is_in_the_trace_of_the_pay(side: Side) -> None:
    """The cancel of an unpaid payment belongs to the payment."""
    worker = await hand(side.pool)
    (held,) = await worker.holds(replace(pay(), expires_at=pay().asked_for_at))
    await worker.settles(concluded(held, UNKNOWN))
    await side.passes(1000)
    assert await cancel_overdue_pays(side.pool, grace_seconds=1.0, most=10) == [(MERCHANT, "C1")]
    assert {row["kind"]: row["traceparent"] for row in await side.rows("operation")} == {
        "pay": PAY,
        "cancel": PAY,
    }


async def test_a_refund_keeps_its_own_trace(side: Side) -> None:
    """Each command is one trace; only what the gateway tells by itself is in that of the pay."""
    payer, refunder = await hand(side.pool), await hand(side.pool, refund().operation.kind)
    await payer.settles(*[concluded(held) for held in await payer.holds(pay())])
    (held,) = await refunder.granted(replace(refund(amount_fen=100), traceparent=SAMPLED))
    await refunder.settles(concluded(held))
    found = await places(side)
    assert (found["trade.paid"], found["refund.succeeded"]) == (PAY, SAMPLED)
