"""Letters are sent again: first looked up and judged, then counted, then sent and waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from aiokafka.errors import KafkaError

from paybus.cli.dead_letter.letter import Letter, Place
from paybus.cli.dead_letter.prospect import Known, Prospect, Refusal, foresee, read_today
from paybus.cli.errors import CliError
from paybus.contracts.dead_letter import Headers, Origin, replay_headers
from paybus.intake.reading import Reader
from paybus.ledger.accepted import Acceptance
from paybus.ledger.pool import Pool
from paybus.ledger.replay import count_replays, note_replay, standing_of


class Producer(Protocol):
    """The part of aiokafka's producer that is used."""

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None,
        partition: int,
        timestamp_ms: int | None,
        headers: Headers,
    ) -> Any:
        """Send a record and return when the broker has it."""


KEPT_TIME: Final = timedelta(days=1)
"""Kafka deletes by the records' times: one that is older could be gone before a stopped service reads it.
Topics of commands keep them for days; an hour would do for all whose age decides anything."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One letter, what would become of it, and how often its record was sent again."""

    letter: Letter
    prospect: Prospect
    noted: int
    """How often by the ledger's count."""
    timestamp_ms: int | None
    """The record's time when it is sent; None for the time of sending."""

    @property
    def replays(self) -> int:
        """How often altogether: its ancestors' replays stand in its headers."""
        return self.noted + self.letter.replays

    @property
    def sends(self) -> bool:
        """Whether it may be sent again."""
        return self.prospect.refusal is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """Looks up what is needed to judge letters. *readers* by command topic, *partitions* by any topic."""

    pool: Pool
    command_topics: Mapping[str, str]
    """By the topic of their letters."""
    readers: Mapping[str, Reader]
    partitions: Mapping[str, frozenset[int]]
    again: bool = False

    async def plan(self, letters: Sequence[Letter]) -> list[Plan]:
        """Judge *letters* in their order; of several that are one record the first counts.

        Raises LedgerError.
        """
        noted = await count_replays(self.pool, [one.origin for one in letters if one.origin])
        chosen: dict[Origin | None, Place] = {}
        plans, now = [], datetime.now(UTC)
        for letter in letters:
            times = noted.get(letter.origin, 0) if letter.origin else 0
            prospect = await self._foresee(letter, times, twin=chosen.get(letter.origin), now=now)
            if prospect.refusal is None:
                chosen[letter.origin] = letter.place
            plans.append(Plan(letter, prospect, times, _timestamp_ms(letter, prospect, now)))
        return plans

    async def _foresee(self, letter: Letter, noted: int, *, twin: Place | None, now: datetime) -> Prospect:
        today = read_today(letter, self.readers)
        command_topic = self.command_topics[letter.place.topic]
        standing = await standing_of(self.pool, today.operation) if isinstance(today, Acceptance) else None
        known = Known(
            command_topic=command_topic,
            partitions=self.partitions.get(command_topic, frozenset()),
            replays=noted + letter.replays,
            chosen_twin=twin,
            standing=standing,
            again=self.again,
        )
        return foresee(letter, today, known=known, now=now)


async def send_again(plan: Plan, pool: Pool, producer: Producer) -> Place | Refusal:
    """Count and send one letter that may be sent; give where it is now, when the broker has it.

    The count is raised first: what was perhaps sent must not look as if it never was. Raises CliError,
    LedgerError.
    """
    original, origin = plan.letter.original, plan.letter.origin
    assert original is not None, "a letter of nowhere was refused"
    assert origin is not None, "a letter of nowhere was refused"
    if not await note_replay(pool, origin, before=plan.noted):
        return Refusal.MEANWHILE
    try:
        sent = await producer.send_and_wait(
            original.topic,
            original.value,
            key=original.key,
            partition=original.partition,
            timestamp_ms=plan.timestamp_ms,
            headers=replay_headers(original.headers, replays=plan.replays + 1),
        )
    except KafkaError as error:
        raise CliError(
            f"{plan.letter.place}: the broker did not acknowledge it ({type(error).__name__}); it may be on"
            f" {original.topic} all the same, so it is counted. What stands below it was not sent"
        ) from error
    return Place(sent.topic, sent.partition, sent.offset)


def _timestamp_ms(letter: Letter, prospect: Prospect, now: datetime) -> int | None:
    """Keep the record's own time, so that nothing becomes younger than it is: a scanned code does not.

    Of an old record whose age decides nothing it is not kept, see KEPT_TIME.
    """
    if letter.origin is None or letter.origin.timestamp_ms < 0:  # it never had one
        return None
    oldest_ms = int((now - KEPT_TIME).timestamp() * 1000)
    kept = prospect.expired or letter.origin.timestamp_ms >= oldest_ms
    return letter.origin.timestamp_ms if kept else None
