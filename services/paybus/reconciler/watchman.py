"""The watchman: asks the gateway about trades that wait, and writes down what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from paybus.ledger.pool import Pool
from paybus.ledger.watch import LEASE_SECONDS, Watched, claim_watched, follow, learn_of, watch_levels
from paybus.reconciler.inquirer import Answer, Inquirer
from paybus.reconciler.rounds import all_of
from paybus.reconciler.spans import attributes_of_lesson
from paybus.telemetry.metrics.reconciler import WatchMetrics
from paybus.telemetry.trace import begin, work_on
from paybus.trades.trade import Reading, Trade
from paybus.trades.watch import Lesson, Rules, learn, watched_for

LOOK_SECONDS: Final = 1.0
"""Between looks; in each, as many are asked about as the settings allow in a second."""

MOST_FOLLOWED: Final = 1_000
"""Answers read in one transaction: some milliseconds."""

_log = structlog.get_logger(__name__)


def _no_lag() -> float:
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is asked about in one look, how long that may take, and how soon it makes sense."""

    most_at_once: int
    lease_seconds: float = LEASE_SECONDS
    lag_seconds: Callable[[], float] = _no_lag
    """How long the gateway may not show what reached it, as it is known now."""


class Watchman:
    """Watches for one process; several share the work by the rows they take."""

    def __init__(
        self, pool: Pool, inquirer: Inquirer, metrics: WatchMetrics, *, rules: Rules, pace: Pace
    ) -> None:
        self._pool = pool
        self._inquirer = inquirer
        self._metrics = metrics
        self._rules = rules
        self._pace = pace

    async def follow(self) -> bool:
        """Put under watch what was answered since the last time; say whether there is more."""
        # An answer from within the lag would say nothing about what is not there.
        first_seconds = max(self._rules.first_seconds, self._pace.lag_seconds())
        return await follow(self._pool, most=MOST_FOLLOWED, first_seconds=first_seconds)

    async def look(self) -> bool:
        """Ask about what is due, as many as the settings and the merchants' limits allow; the rest waits."""
        pace = self._pace
        due = await claim_watched(self._pool, most=pace.most_at_once, lease_seconds=pace.lease_seconds)
        await all_of(self._ask(watched) for watched in due)
        for watch, count in (await watch_levels(self._pool)).items():
            self._metrics.watched.of(watch).set(count)
        return False

    async def _ask(self, watched: Watched) -> None:
        work_on(watched.traceparent)
        trade, place = watched.trade, watched.traceparent
        asks = watched_for(trade) is not None
        if asks and not await self._inquirer.may_ask(trade.merchant_id):
            return  # not asked, and not counted as asked: it is due again when the lease is over
        answer = await self._inquirer.ask(trade, place) if asks else None
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
