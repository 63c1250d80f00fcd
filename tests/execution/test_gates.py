"""A gateway that does not answer is left alone: what waits, where it waits, and how it goes on."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs
from tests.execution.crew import ID, Crew, barcode, cancel, client_of, enlist, native, pays, refund
from tests.ledger.tables import passes
from tests.sandbox.house import House, until

from paybus.contracts.call import GatewayCall
from paybus.execution.breaker import BreakerRules
from paybus.execution.gates import UNUSED_SECONDS, Gates, Traffic
from paybus.execution.turn import StoppingError
from paybus.gateway.client import GatewayClient
from paybus.ledger.pool import Pool
from paybus.trades.operation import Kind

RULES = BreakerRules(failures=2, first_pause_seconds=20.0, longest_pause_seconds=30.0)


_CALL = GatewayCall(
    operation="query",
    kind="pay",
    merchant_id=ID,
    charge_code="C1",
    key="C1",
    verdict="unknown",
    at_ms=0,
    duration_us=0,
)
ANSWERED = msgspec.structs.replace(_CALL, return_code="SUCCESS")
FAILED = msgspec.structs.replace(_CALL, error="ReplyTimeoutError", reason="no_answer")


@dataclass
class Watch:
    """The time of the gates, and what they held back."""

    now: float = 1000.0
    held_back_by: list[tuple[str, str]] = field(default_factory=list)

    def held_back(self, traffic: str, limit: str) -> None:
        """Note one."""
        self.held_back_by.append((traffic, limit))


@pytest.fixture
def watch() -> Watch:
    """Give the clock that the test turns."""
    return Watch()


class DeadEngine(httpx.AsyncBaseTransport):
    """Nobody listens there."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse the connection."""
        raise httpx.ConnectError("refused")


def die(crew: Crew) -> None:
    """Let the gateway be dead, at the same address."""
    crew.clients[ID] = GatewayClient(crew.house.client().merchant, DeadEngine())


def limited(crew: Crew, **limits: float) -> GatewayClient:
    """Give the merchant's client, with what his file allows him."""
    merchant = replace(crew.house.client().merchant, **limits)
    return GatewayClient(merchant, crew.house.engine)


def guard(crew: Crew, watch: Watch) -> Gates:
    """Put breakers between a crew and its gateway."""
    gates = Gates(crew.clients, RULES, clock=lambda: watch.now, draw=lambda: 0.5, counter=watch)
    crew.turns._operator.gates = gates
    return gates


async def test_a_dead_gateway_is_called_a_few_times_and_then_left_alone(payer: Crew, watch: Watch) -> None:
    """Of a hundred commands, as many call as it takes to know; the others wait, unsent and unannounced."""
    gates = guard(payer, watch)
    die(payer)
    with capture_logs() as logs:
        await payer.takes(*(barcode(f"C{number}") for number in range(100)))
    assert len(payer.journal.calls) == RULES.failures
    assert gates.open_count(Traffic.CHARGES) == 1
    assert await payer.pool.fetchval("SELECT count(*) FROM operation WHERE state = 'waiting'") == 100
    assert await payer.pool.fetchval("SELECT count(*) FROM event") == 0
    assert watch.held_back_by == [("charges", "breaker")] * 98
    assert [log["event"] for log in logs] == ["breaker.opened"]


async def test_they_come_back_spread_over_the_pause_and_are_sent_once(payer: Crew, watch: Watch) -> None:
    """Held back for the pause and a time of their own; when it is over one probes, then all are sent."""
    gates = guard(payer, watch)
    die(payer)
    await payer.takes(*(barcode(f"C{number}") for number in range(10)))
    due_in = (await payer.row("C9"))["due_in"]
    assert 20.0 < due_in <= 30.0  # what is left of the pause is 15 s, and half of 20 s besides
    payer.find_gateway()
    watch.now += 15.0
    with capture_logs() as logs:
        await passes(payer.pool)
        assert await payer.goes_on() == 10
    assert sorted(payer.charged()) == sorted(f"C{number}" for number in range(10))
    assert [log["event"] for log in logs] == ["breaker.closed"]
    assert gates.open_count(Traffic.CHARGES) == 0


async def test_only_one_probe_goes_to_a_gateway_that_is_still_dead(payer: Crew, watch: Watch) -> None:
    """After the pause everybody is due, and one of them calls; that counts as a try for nobody else."""
    guard(payer, watch)
    die(payer)
    await payer.takes(*(barcode(f"C{number}") for number in range(10)))
    watch.now += 15.0
    await passes(payer.pool)
    assert await payer.goes_on() == 10
    assert len(payer.journal.calls) == RULES.failures + 1
    tried = await payer.pool.fetch("SELECT asked FROM operation")
    assert sorted(row["asked"] for row in tried) == [0] * 8 + [1, 2]


async def test_a_pay_expires_although_nothing_can_be_sent(payer: Crew, watch: Watch) -> None:
    """The customer is told when his code is too old, not when the gateway is back."""
    guard(payer, watch)
    die(payer)
    until = datetime.now(UTC) + timedelta(seconds=0.5)
    await payer.takes(*(barcode(f"C{number}") for number in range(3)))
    await payer.takes(barcode("SOON", expires_at=until.isoformat()))
    assert (await payer.row("SOON"))["due_in"] < 1.0
    async with asyncio.timeout(30):
        while datetime.now(UTC) < until:  # noqa: ASYNC110 -- it is the time itself that must pass
            await asyncio.sleep(0.01)
    await passes(payer.pool, 1.0)
    assert await payer.goes_on() >= 1
    assert (await payer.state("SOON"), len(payer.journal.calls)) == ("rejected", RULES.failures)


@pytest.mark.parametrize(("document", "kind"), [(refund(), Kind.REFUND), (cancel(), Kind.CANCEL)])
async def test_who_is_held_back_holds_nothing(
    pool: Pool, house: House, watch: Watch, document: dict[str, object], kind: Kind
) -> None:
    """A refund or cancel that cannot be sent reserves no money and no trade; what is refused is refused."""
    await pays(pool, house)
    crew = await enlist(pool, house, kind)
    gates = guard(crew, watch)
    die(crew)
    (held,) = await crew.accepts(document)
    granted = await crew.turns._start(held)
    assert granted is not None
    client = crew.clients[ID]
    for _ in range(RULES.failures):
        with gates.passing(Traffic.CHARGES, client) as passage:
            passage.call = FAILED
    await crew.turns._at_gateway(granted)
    trade = await crew.trade()
    assert (trade["reserved_fen"], trade["cancelling"]) == (0, False)
    assert (await crew.state(held.operation.key), crew.journal.calls) == ("waiting", [])
    await passes(pool)
    assert await crew.goes_on() == 1
    assert (await crew.row(held.operation.key))["asked"] == 0
    assert (await crew.trade())["reserved_fen"] == 0


async def test_a_refund_that_must_be_refused_is_refused_without_the_gateway(
    pool: Pool, house: House, watch: Watch
) -> None:
    """An answer that needs no call does not wait for one."""
    await pays(pool, house)
    crew = await enlist(pool, house, Kind.REFUND)
    guard(crew, watch)
    die(crew)
    await crew.takes(refund("R1", amount_fen=1), refund("R2", amount_fen=1), refund("R3", amount_fen=99999))
    assert [await crew.state(key) for key in ("R1", "R2", "R3")] == ["waiting", "waiting", "rejected"]


async def test_inquiries_are_put_off_and_not_lost(payer: Crew, watch: Watch) -> None:
    """While nobody answers questions none is asked, and none is counted; then the truth comes out."""
    gates = guard(payer, watch)
    codes = [f"FAULT-LOST_ANSWER-{number}" for number in (1, 1001, 2001, 3001)]
    for code in codes:
        await payer.takes(barcode(code))
        with gates.passing(Traffic.CHARGES, payer.clients[ID]) as passage:
            passage.call = ANSWERED
    die(payer)
    await passes(payer.pool)
    assert await payer.goes_on() == 4
    assert payer.journal.operations.count("query") == RULES.failures
    assert [(await payer.row(code))["asked"] for code in codes] == [2, 2, 1, 1]
    payer.find_gateway()
    watch.now += 15.0
    await passes(payer.pool)
    assert await payer.goes_on() == 4
    assert {await payer.state(code) for code in codes} == {"done"}
    assert sorted(payer.charged()) == sorted(codes)


async def test_charges_go_on_while_inquiries_do_not(payer: Crew, watch: Watch) -> None:
    """Each breaks for itself; a reply that needs an inquiry and gets none is unknown until later."""
    gates = guard(payer, watch)
    for _ in range(RULES.failures):
        with gates.passing(Traffic.INQUIRIES, payer.clients[ID]) as passage:
            passage.call = FAILED
    await payer.takes(barcode("C1"), barcode("FAULT-DECLINE-1"))
    assert payer.journal.operations == ["pay", "pay"]
    assert (await payer.state("C1"), await payer.state("FAULT-DECLINE-1")) == ("done", "unknown")
    assert gates.may_take_in


async def test_intake_rests_with_the_gateway(payer: Crew, watch: Watch) -> None:
    """The backlog stays in Kafka; a batch is let in as a probe only if nobody in the ledger made one."""
    gates = guard(payer, watch)
    assert payer.turns.may_take_in
    die(payer)
    await payer.takes(barcode("C1"), barcode("C2"))
    assert not payer.turns.may_take_in
    room = asyncio.create_task(payer.worker.await_room())
    watch.now += 15.0
    assert not gates.may_take_in
    await asyncio.sleep(0)
    assert not room.done()
    watch.now += 20.0 + UNUSED_SECONDS + 0.1
    assert gates.may_take_in
    async with asyncio.timeout(30):
        await room


async def test_another_gateway_is_another_matter(payer: Crew, watch: Watch) -> None:
    """Where merchants have gateways of their own, one that is dead stops neither the others nor intake."""
    gates = guard(payer, watch)
    elsewhere = client_of(payer.house.engine, payer.house.base.replace("127.0.0.1", "localhost"))
    die(payer)
    await payer.takes(barcode("C1"), barcode("C2"))
    assert not gates.may_take_in
    payer.clients["0010000002"] = elsewhere
    assert gates.may_take_in
    payer.clients[ID] = elsewhere
    await payer.takes(native("C3"))
    assert await payer.state("C3") == "done"


async def test_who_waits_for_his_limit_holds_up_nobody_else(pool: Pool, house: House, watch: Watch) -> None:
    """A merchant at his rate leaves the only place at the gateway to others; stopping waits for nobody."""
    payer = await enlist(pool, house, in_flight=1)
    gates = guard(payer, watch)
    payer.clients[ID] = limited(payer, calls_per_second=0.01)
    first, second = await payer.accepts(barcode("C1"), barcode("C2"))
    await payer.turns.take(first)
    waiting = asyncio.create_task(payer.turns.take(second))
    await until(lambda: watch.held_back_by == [("charges", "rate")])
    gates.clients = {ID: house.client()}  # another merchant's place
    (third,) = await payer.accepts(barcode("C3"))
    await payer.turns.take(third)
    assert sorted(payer.charged()) == ["C1", "C3"]
    payer.turns.stop()
    with pytest.raises(StoppingError):
        await waiting


async def test_a_pay_whose_turn_would_come_too_late_expires(payer: Crew, watch: Watch) -> None:
    """It waits as long as its code is good, and is refused then; the gateway hears nothing of it."""
    guard(payer, watch)
    payer.clients[ID] = limited(payer, calls_per_second=0.01)
    until_when = datetime.now(UTC) + timedelta(seconds=0.5)
    await payer.takes(barcode("C1"), barcode("SOON", expires_at=until_when.isoformat()))
    assert (await payer.state("SOON"), payer.charged()) == ("rejected", ["C1"])


async def test_too_many_errors_of_a_merchant_pause_his_charges(payer: Crew, watch: Watch) -> None:
    """Below the gateway's ban: his charges wait for the minute to pass, and he is still asked about."""
    guard(payer, watch)
    payer.clients[ID] = limited(payer, errors_per_minute=3)
    with capture_logs() as logs:
        for number in range(1, 5):
            await payer.takes(barcode(f"FAULT-UNKNOWN_CODE-{number}"))
    assert payer.journal.operations == ["pay"] * 3
    assert watch.held_back_by == [("charges", "error_quota")]
    assert [log["event"] for log in logs].count("merchant.errors_exceeded") == 1
    row = await payer.row("FAULT-UNKNOWN_CODE-4")
    assert (row["state"], 60.0 < row["due_in"] <= 65.0) == ("waiting", True)
    await passes(payer.pool)
    assert await payer.goes_on() == 4
    assert payer.journal.operations == ["pay"] * 3 + ["query"] * 3
    watch.now += 61.0
    await passes(payer.pool)
    assert await payer.goes_on() == 1
    assert payer.journal.operations[-1] == "pay"
