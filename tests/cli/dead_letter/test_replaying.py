"""A replay is counted before it is sent, by one at a time, and what stands in the ledger is looked up."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka.errors import RequestTimedOutError
import pytest
from tests.cli.dead_letter.letters import COMMANDS, REFUNDS, letter, readers
from tests.intake.records import ORDER, PAY
from tests.ledger.house import hand

from paybus.cli.dead_letter.letter import Letter, Place
from paybus.cli.dead_letter.prospect import Refusal, read_today
from paybus.cli.dead_letter.replaying import Foresight, send_again
from paybus.cli.errors import CliError
from paybus.contracts.dead_letter import Origin
from paybus.ledger.accepted import Acceptance
from paybus.ledger.pool import Pool, open_pool
from paybus.ledger.replay import count_replays, note_replay


@dataclass(frozen=True)
class Metadata:
    """Where a record came to be."""

    topic: str
    partition: int
    offset: int


@dataclass
class Memory:
    """A broker in memory, which may never acknowledge."""

    silent: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, value: bytes | None, **record: Any) -> Metadata:
        """Take a record."""
        self.sent.append({"topic": topic, "value": value, **record})
        if self.silent:
            raise RequestTimedOutError
        return Metadata(topic, record["partition"], len(self.sent))


def ago(*, hours: int) -> int:
    """Give a moment in Unix milliseconds."""
    return int((datetime.now(UTC) - timedelta(hours=hours)).timestamp() * 1000)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Give connections to a ledger of the test's own."""
    async with open_pool(database_url, application_name="tests") as opened:
        yield opened


def foresight(pool: Pool, *, again: bool = False) -> Foresight:
    """Give what judges letters of topics with four partitions."""
    return Foresight(
        pool=pool,
        command_topics={f"{topic}.dlq": topic for topic in (COMMANDS, REFUNDS)},
        readers=readers(),
        partitions={topic: frozenset(range(4)) for topic in (COMMANDS, REFUNDS)},
        again=again,
    )


async def refusals(pool: Pool, letters: Sequence[Letter]) -> list[Refusal | None]:
    """Judge letters."""
    return [plan.prospect.refusal for plan in await foresight(pool).plan(letters)]


def origin_of(one: Letter) -> Origin:
    """Give which record a letter was."""
    assert one.origin is not None
    return one.origin


async def test_what_is_sent_is_counted_and_says_so(pool: Pool) -> None:
    """The record has its own partition and time, and the count as its last header."""
    one, broker = letter(ORDER, headers=[("x", None)], timestamp_ms=ago(hours=23)), Memory()
    (plan,) = await foresight(pool).plan([one])
    assert await send_again(plan, pool, broker) == Place(COMMANDS, 3, 1)
    assert broker.sent == [
        {
            "topic": COMMANDS,
            "value": one.value,
            "key": b"A1",
            "partition": 3,
            "timestamp_ms": origin_of(one).timestamp_ms,
            "headers": [("x", None), ("paybus-replays", b"1")],
        }
    ]
    assert await count_replays(pool, [origin_of(one)]) == {one.origin: 1}


async def test_a_record_without_a_time_gets_one(pool: Pool) -> None:
    """A time before 1970 cannot be sent; the reader passes it over, too."""
    (plan,) = await foresight(pool).plan([letter(ORDER, timestamp_ms=-1)])
    assert plan.timestamp_ms is None


async def test_an_old_record_gets_a_new_time_so_that_it_is_kept(pool: Pool) -> None:
    """Kafka deletes by the record's time: with that of last week it could be gone before it is read."""
    (plan,) = await foresight(pool).plan([letter(ORDER, timestamp_ms=ago(hours=25))])
    assert "carried out" in plan.prospect.sentence
    assert plan.timestamp_ms is None


async def test_what_is_expired_never_becomes_younger(pool: Pool) -> None:
    """A code that was scanned last week must not be charged because its record was sent again."""
    sent_at = ago(hours=200)
    (plan,) = await foresight(pool).plan([letter(PAY, timestamp_ms=sent_at)])
    assert "expired" in plan.prospect.sentence
    assert plan.timestamp_ms == sent_at


async def test_two_people_send_a_letter_once(pool: Pool) -> None:
    """Whoever looked before the other one sent it is told, and sends nothing."""
    (plan,) = await foresight(pool).plan([letter(ORDER)])
    assert await note_replay(pool, origin_of(plan.letter), before=0)
    broker = Memory()
    assert await send_again(plan, pool, broker) is Refusal.MEANWHILE
    assert broker.sent == []


async def test_what_was_perhaps_sent_counts(pool: Pool) -> None:
    """A broker that does not acknowledge may have the record: the next one is told that there was a first."""
    one = letter(ORDER)
    (plan,) = await foresight(pool).plan([one])
    with pytest.raises(CliError, match="did not acknowledge"):
        await send_again(plan, pool, Memory(silent=True))
    assert await refusals(pool, [one]) == [Refusal.BEFORE]


async def test_the_ledger_decides_what_a_key_stands_for(pool: Pool) -> None:
    """The same command is harmless, another one under its key is refused."""
    accepted = read_today(letter(ORDER), readers())
    assert isinstance(accepted, Acceptance)
    await (await hand(pool)).holds(accepted)
    same, other = letter(ORDER, at=1, offset=8), letter(PAY, at=2, offset=9)
    plans = await foresight(pool).plan([same, other])
    assert [plan.prospect.refusal for plan in plans] == [None, Refusal.CONFLICT]
    assert "harmless" in plans[0].prospect.sentence


async def test_of_letters_of_one_record_the_first_is_sent(pool: Pool) -> None:
    """A refused one does not stand in the way of its twin."""
    cut, first, second = letter(b"{", at=0), letter(ORDER, at=1), letter(ORDER, at=2)
    assert await refusals(pool, [cut, first, second]) == [Refusal.UNREADABLE, None, Refusal.TWIN]
