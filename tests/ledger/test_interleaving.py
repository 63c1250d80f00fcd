"""Whatever happens at once and in whatever order: the books stay right, and every version comes once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.house import Hand, asks, concluded, frees, hand, hears, said, started, told
from tests.ledger.tables import falls_silent, passes

from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Settlement
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict

CODES = ("C0", "C1")
AMOUNT, REFUND = 100, 40
"""Two refunds fit into a trade, a third does not."""

KINDS = (Kind.PAY, Kind.PAY, Kind.REFUND, Kind.REFUND, Kind.CANCEL)
"""Two processes that pay, two that refund, one that cancels."""

REPLIES = (
    said(),
    said(),
    said(Verdict.DECLINED, return_code="AMT_ERROR"),
    said(Verdict.NOT_EXECUTED, return_code=None, reply_code=None),
    said(Verdict.UNKNOWN, return_code=None, reply_code=None, reason="no_answer"),
    said(Verdict.UNKNOWN, reason="pending"),
)
_TABLES = "trade, operation, event, outbox, worker, callback"

numbers = st.integers(min_value=0, max_value=5)
asking = st.tuples(st.just("ask"), numbers, numbers, numbers)
working = st.tuples(st.just("work"), numbers, numbers, numbers)
claiming = st.tuples(st.just("claim"), numbers, numbers, numbers)
telling = st.tuples(st.just("tell"), numbers, numbers, numbers)
dying = st.tuples(st.just("die"), numbers, numbers, numbers)
action = st.one_of(asking, asking, working, working, working, claiming, telling, dying)
rounds = st.lists(st.lists(action, min_size=2, max_size=6), min_size=8, max_size=20)
Action = tuple[str, int, int, int]


@dataclass
class Process:
    """A worker and what it has in hand. One that was declared dead goes on until it notices."""

    hand: Hand
    holds: list[Held] = field(default_factory=list)

    def takes(self) -> list[Held]:
        """Give what it works on now: one operation of each trade."""
        mine = {held.operation.charge_code: held for held in reversed(self.holds)}
        self.holds = [held for held in self.holds if held not in mine.values()]
        return list(mine.values())


class World:
    """Processes on one ledger, and a gateway that may say anything."""

    def __init__(self, pools: tuple[Pool, Pool], processes: list[Process]) -> None:
        self.pools = pools
        self.processes = processes
        self.dead: list[Process] = []

    async def act(self, action: Action) -> None:
        """Do one thing."""
        name, *numbers = action
        await getattr(self, f"_{name}")(*numbers)

    async def _ask(self, which: int, what: int, how: int) -> None:
        process = self.processes[which % len(self.processes)]
        kind, code = process.hand.kind, CODES[what % len(CODES)]
        keys = [f"{code}-R{(how + n) % 6}" for n in range(3)] if kind is Kind.REFUND else [code]
        amount = REFUND if kind is Kind.REFUND else AMOUNT
        held = await process.hand.holds(*[asks(kind, key, code=code, amount_fen=amount) for key in keys])
        process.holds.extend(held)

    async def _work(self, which: int, what: int, how: int) -> None:
        everybody = self.processes + self.dead
        process = everybody[which % len(everybody)]
        batch = [_settlement(held, REPLIES[(what + how + n) % 6]) for n, held in enumerate(process.takes())]
        settled = await process.hand.settles(*batch)
        process.holds.extend(one.held for one in settled if one.held)

    async def _claim(self, which: int, what: int, how: int) -> None:
        await passes(self.pools[0])
        process = self.processes[which % len(self.processes)]
        claimed = await process.hand.claims(most=1 + how)
        process.holds.extend(claimed)

    async def _tell(self, which: int, what: int, how: int) -> None:
        amount = AMOUNT if how else AMOUNT + 1
        told_of = told(CODES[what % len(CODES)], digest=bytes([which, how]), amount_fen=amount)
        await hears(self.pools[which % 2], told_of)

    async def _die(self, which: int, what: int, how: int) -> None:
        number, kind = which % len(self.processes), KINDS[which % len(KINDS)]
        successor = Process(await hand(self.pools[what % 2], kind))
        process, self.processes[number] = self.processes[number], successor
        self.dead.append(process)
        await falls_silent(process.hand.pool, process.hand.worker_id, 100)
        await frees(self.pools[how % 2], kind)

    async def finish(self) -> None:
        """Let everything come to its end: the gateway says yes to whatever is asked."""
        for process in self.processes:
            while process.holds:
                await self._finish(process)
        for _ in range(8):
            await passes(self.pools[0])
            for process in self.processes:
                await frees(process.hand.pool, process.hand.kind)
                claimed = await process.hand.claims()
                process.holds.extend(claimed)
                while process.holds:
                    await self._finish(process)

    async def _finish(self, process: Process) -> None:
        settled = await process.hand.settles(*[_settlement(held, said()) for held in process.takes()])
        process.holds.extend(one.held for one in settled if one.held)


def _settlement(held: Held, outcome: Outcome) -> Settlement:
    state = held.operation.state
    if state is OperationState.WAITING:
        return started(held)
    if state is OperationState.READY and held.quiet_seconds is None:
        return concluded(held, outcome)
    asked = replace(outcome, source=Source.INQUIRY, reply_code=None, facts=Facts())
    return replace(concluded(held, asked), sent=False)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=rounds)
async def test_the_books_are_right_whatever_happens(
    pool: Pool, other_pool: Pool, rounds: list[list[Action]]
) -> None:
    """Accepting, settling, callbacks, claims and deaths, side by side: no invariant of the ledger breaks."""
    await pool.execute(f"TRUNCATE {_TABLES}")  # the names above
    pools = pool, other_pool
    world = World(pools, [Process(await hand(pools[n % 2], kind)) for n, kind in enumerate(KINDS)])
    for number in (0, 1):
        await world.act(("ask", number, number, 0))
    for actions in rounds:
        await asyncio.gather(*map(world.act, actions))
        await _check(pool)
    await world.finish()
    await _check(pool)
    await _check_that_all_is_told(pool)


async def _check(pool: Pool) -> None:
    await _check_the_money(pool)
    await _check_the_versions(pool)
    strangers = (
        "SELECT count(*) FROM operation o LEFT JOIN worker ON worker_id = owner"
        " WHERE owner IS NOT NULL AND service IS DISTINCT FROM o.kind"
    )
    assert await pool.fetchval(strangers) == 0


async def _check_the_money(pool: Pool) -> None:
    """See that what is reserved is on its way, and what is refunded is what succeeded."""
    for trade in await pool.fetch("SELECT * FROM trade"):
        rows = await pool.fetch("SELECT * FROM operation WHERE charge_code = $1", trade["charge_code"])
        refunds = [row for row in rows if row["kind"] == "refund"]
        on_their_way = [row for row in rows if row["state"] in {"ready", "unknown", "pending"}]
        reserved = sum(row["amount_fen"] for row in on_their_way if row["kind"] == "refund")
        assert trade["reserved_fen"] == reserved
        succeeded = await pool.fetchval(
            "SELECT count(*) FROM event WHERE charge_code = $1 AND ce_type = 'refund.succeeded'",
            trade["charge_code"],
        )
        assert trade["refunded_fen"] == succeeded * REFUND
        assert trade["refunded_fen"] + trade["reserved_fen"] <= trade["paid_fen"]
        assert trade["cancelling"] == any(row["kind"] == "cancel" for row in on_their_way)
        assert len(refunds) == len({row["key"] for row in refunds})


async def _check_the_versions(pool: Pool) -> None:
    """Versions are 1, 2, 3 ... and go out in this order; the trade's own is the last."""
    rows = await pool.fetch(
        "SELECT charge_code, ce_id FROM outbox JOIN event USING (ce_id) ORDER BY outbox_id"
    )
    for trade in await pool.fetch("SELECT charge_code, version FROM trade"):
        ids = dict.fromkeys(row["ce_id"] for row in rows if row["charge_code"] == trade["charge_code"])
        versions = [int(ce_id.rpartition("/")[2]) for ce_id in ids if ce_id.count("/") == 2]
        assert versions == list(range(1, trade["version"] + 1))


async def _check_that_all_is_told(pool: Pool) -> None:
    """At the end every command has its answer, and every callback that has a trade was applied to it."""
    states = Counter(row["state"] for row in await pool.fetch("SELECT state FROM operation"))
    waiting = await pool.fetch("SELECT * FROM operation WHERE state = 'waiting'")
    payable = {row["charge_code"] for row in await pool.fetch("SELECT charge_code FROM trade")}
    assert all(row["charge_code"] not in payable for row in waiting)
    assert set(states) <= {"done", "rejected", "waiting"}
    answers = "SELECT count(*) FROM operation WHERE answered_at IS NOT NULL AND answer_id IS NULL"
    assert await pool.fetchval(answers) == 0
    unmatched = "SELECT count(*) FROM callback JOIN trade USING (charge_code) WHERE receipt = 'unmatched'"
    assert await pool.fetchval(unmatched) == 0
