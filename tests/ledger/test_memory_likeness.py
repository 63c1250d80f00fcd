"""Whatever is done to both ledgers, in whatever order, they answer the same and hold the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.house import LAG_SECONDS, Hand, asks, concluded, frees, hand, hears, said, started, told
from tests.ledger.sides import TABLES, MemorySide, PostgresSide, Side, alike

from paybus.ledger.automatic import cancel_overdue_pays
from paybus.ledger.claim import count_waiting, release
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.unmatched import match_left_behind
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Source, Verdict

KINDS = (Kind.PAY, Kind.PAY, Kind.REFUND, Kind.REFUND, Kind.CANCEL)
REPLIES = (
    said(),
    said(Verdict.UNKNOWN, return_code=None, reply_code=None, reason="no_answer"),
    said(Verdict.NOT_EXECUTED, return_code=None, reply_code=None),
    said(Verdict.DECLINED, return_code="AMT_ERROR"),
    said(Verdict.UNKNOWN, reason="pending"),
)
STEP_SECONDS = 70.0
"""Nothing waits for so long within a second: whether something is due does not hang on the machine."""

small = st.integers(min_value=0, max_value=9)
names = st.sampled_from(
    ["ask", "ask", "work", "work", "work", "claim", "claim", "tell", "die", "leave", "late"]
)
actions = st.lists(st.tuples(names, small, small, small), min_size=10, max_size=30)
Action = tuple[str, int, int, int]


@dataclass
class Player:
    """Does the same things to one ledger."""

    side: Side
    hands: list[Hand] = field(default_factory=list)
    holds: list[list[Held]] = field(default_factory=lambda: [[] for _ in KINDS])

    async def act(self, action: Action) -> Any:
        """Do one thing, and give what can be compared of its result."""
        name, who, what, how = action
        return await getattr(self, f"_{name}")(who % len(KINDS), what, how)

    async def _ask(self, who: int, what: int, how: int) -> Any:
        kind, code = KINDS[who], f"C{what % 2}"
        key = f"{code}-R{how % 3}" if kind is Kind.REFUND else code
        meaning = "other" if how == 9 else ""
        command = asks(kind, key, code=code, amount_fen=40 if kind is Kind.REFUND else 100, meaning=meaning)
        expires_at = command.asked_for_at if what % 3 == 0 else None
        accepted = await self.hands[who].accepts(replace(command, expires_at=expires_at))
        self.holds[who] += accepted.held
        return [len(accepted.held), accepted.duplicates, accepted.conflicts]

    async def _work(self, who: int, what: int, how: int) -> Any:
        batch = [_settlement(held, REPLIES[(what + n) % 5]) for n, held in enumerate(self.holds[who])]
        settled = await self.hands[who].settles(*batch) if batch else []
        self.holds[who] = [one.held for one in settled if one.held]
        return [one.conclusion and one.conclusion.state.value for one in settled]

    async def _claim(self, who: int, what: int, how: int) -> Any:
        await self.side.passes(STEP_SECONDS)
        waiting = await count_waiting(self.side.pool, KINDS[who], most=2)
        claimed = await self.hands[who].claims(most=1 + how)
        self.holds[who] += claimed
        return [waiting, [_told_of(held) for held in claimed]]

    async def _tell(self, who: int, what: int, how: int) -> Any:
        amount = 101 if how == 0 else 100
        return await hears(self.side.pool, told(f"C{what % 2}", digest=bytes([who, how]), amount_fen=amount))

    async def _die(self, who: int, what: int, how: int) -> Any:
        await self.side.falls_silent(self.hands[who].worker_id, 100)
        freed = await frees(self.side.pool, KINDS[who])
        self.hands[who] = await hand(self.side.pool, KINDS[who])
        return freed

    async def _leave(self, who: int, what: int, how: int) -> Any:
        ids = [held.operation_id for held in self.holds[who][:1]] if how % 2 else None
        worker = self.hands[who].worker_id
        await release(self.side.pool, worker, ids, cut_off_seconds=3.0, lag_seconds=LAG_SECONDS)

    async def _late(self, who: int, what: int, how: int) -> Any:
        cancelled = await cancel_overdue_pays(self.side.pool, grace_seconds=1.0, most=5)
        return [cancelled, sorted(await match_left_behind(self.side.pool, most=5))]


def _settlement(held: Held, outcome: Any) -> Any:
    state = held.operation.state
    if state is OperationState.WAITING:
        return started(held)
    if state is OperationState.READY and held.quiet_seconds is None:
        return concluded(held, outcome)
    return replace(concluded(held, replace(outcome, source=Source.INQUIRY, reply_code=None)), sent=False)


def _told_of(held: Held) -> list[Any]:
    return [held.operation, held.trade, held.turn, held.quiet_seconds, held.command]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=actions)
async def test_both_ledgers_are_the_same(pool: Pool, database_url: str, actions: Sequence[Action]) -> None:
    """Accepting, settling, claiming, dying, giving back, callbacks, overdue pays: answers and rows agree."""
    await pool.execute("TRUNCATE trade, operation, event, outbox, worker, callback, watch")
    players = [Player(PostgresSide(pool, database_url)), Player(MemorySide())]
    for player in players:
        player.hands = [await hand(player.side.pool, kind) for kind in KINDS]
    for action in [("ask", 0, 0, 0), ("ask", 1, 1, 0), *actions]:
        answers = [await player.act(action) for player in players]
        assert alike(*answers), action
        for table in TABLES:
            rows = [await player.side.rows(table) for player in players]
            assert alike(*rows), (action, table)
