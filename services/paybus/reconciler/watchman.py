"""The watchman: asks the gateway about trades that wait, and writes down what it says."""

from functools import partial
from typing import Final

import structlog

from paybus.ledger.pool import Pool
from paybus.ledger.watch import LEASE_SECONDS, Watched, claim_watched, follow, learn_of, watch_levels
from paybus.reconciler.inquirer import Answer, Inquirer
from paybus.reconciler.rounds import all_of
from paybus.reconciler.spans import attributes_of_lesson
from paybus.telemetry.metric import WatchMetrics
from paybus.telemetry.trace import begin, work_on
from paybus.trades.trade import Reading, Trade
from paybus.trades.watch import Lesson, Rules, learn, watched_for

LOOK_SECONDS: Final = 1.0
"""Between looks; in each, as many are asked about as the settings allow in a second."""

MOST_FOLLOWED: Final = 1_000
"""Answers read in one transaction: some milliseconds."""

_log = structlog.get_logger(__name__)


class Watchman:
    """Watches for one process; several share the work by the rows they take."""

    def __init__(
        self,
        pool: Pool,
        inquirer: Inquirer,
        metrics: WatchMetrics,
        *,
        rules: Rules,
        most_at_once: int,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._pool = pool
        self._inquirer = inquirer
        self._metrics = metrics
        self._rules = rules
        self._most_at_once = most_at_once
        self._lease_seconds = lease_seconds

    async def follow(self) -> bool:
        """Put under watch what was answered since the last time; say whether there is more."""
        return await follow(self._pool, most=MOST_FOLLOWED, first_seconds=self._rules.first_seconds)

    async def look(self) -> bool:
        """Ask about what is due, as many as the settings allow; the rest waits for the next look."""
        due = await claim_watched(self._pool, most=self._most_at_once, lease_seconds=self._lease_seconds)
        await all_of(self._ask(watched) for watched in due)
        for watch, count in (await watch_levels(self._pool)).items():
            self._metrics.watched.of(watch).set(count)
        return False

    async def _ask(self, watched: Watched) -> None:
        work_on(watched.traceparent)
        trade, place = watched.trade, watched.traceparent
        answer = None if watched_for(trade) is None else await self._inquirer.ask(trade, place)
        decide = partial(self._learn, asked=watched.asked, answer=answer)
        span = begin("learn", place)
        if span is not None:
            place = span.traceparent
        lesson = await learn_of(self._pool, watched.place, decide, traceparent=place)
        if lesson is not None:
            self._note(lesson)
            if span is not None:
                span.end(attributes_of_lesson(lesson))

    def _learn(self, trade: Trade, announced: bool, *, asked: int, answer: Answer | None) -> Lesson:  # noqa: FBT001 -- given by the ledger
        return learn(trade, asked, answer, announced=announced, rules=self._rules)

    def _note(self, lesson: Lesson) -> None:
        heard = lesson.heard
        self._metrics.inquiries.of(lesson.outcome.verdict).inc()
        if heard.happenings or lesson.give_back:
            _log.info(
                "watch.found",
                merchant_id=heard.trade.merchant_id,
                charge_code=heard.trade.charge_code,
                state=heard.trade.state.value,
                contradiction=heard.reading is Reading.CONTRADICTION,
                give_back=lesson.give_back,
            )
