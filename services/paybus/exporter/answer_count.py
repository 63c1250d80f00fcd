"""How commands ended, each counted once: read on in the order of answers from where the last look stopped.

It begins with what is answered after the first look. An earlier process has counted what was answered before,
and Prometheus adds up what each of them counted; to begin earlier would count some of it twice.
"""

from types import MappingProxyType

from paybus.ledger.book import Answered, Cursor, answered, horizon
from paybus.ledger.pool import Pool
from paybus.telemetry.metrics.ledger import CommandMetrics
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind, OperationState

PAGE = 5_000
"""Operations at once: 2 MB, and 20 ms in which nobody else has the loop."""

_DECLINED = MappingProxyType(
    {
        Kind.PAY: frozenset(
            {
                Happening.TRADE_DECLINED,
                Happening.TRADE_CLOSED,
                Happening.TRADE_REVOKED,
                Happening.TRADE_REVOCATION_REQUESTED,
            }
        ),
        Kind.REFUND: frozenset({Happening.REFUND_FAILED}),
        Kind.CANCEL: frozenset[Happening](),  # its no is a rejected command
    }
)
"""The events that answer a command of each kind with no."""


class AnswerCount:
    """Counts for one process; remembers over outages where it was."""

    def __init__(self, metrics: CommandMetrics, *, page: int = PAGE) -> None:
        self._metrics = metrics
        self._page = page
        self._after: Cursor | None = None

    async def count_new(self, pool: Pool) -> None:
        """Count every operation that was answered since the last time. Raises LedgerError."""
        known = await horizon(pool)
        until = known.complete_until
        if self._after is None:
            self._after = (known.now, 0)
        answers = await answered(pool, self._after, until=until, most=self._page)
        while answers:
            for one in answers:
                self._count(one)
            self._after = (answers[-1].answered_at, answers[-1].operation_id)
            answers = await answered(pool, self._after, until=until, most=self._page)

    def _count(self, one: Answered) -> None:
        if one.kind in set(Kind):  # another kind is of a later version, which has its own exporter
            kind = Kind(one.kind)
            self._metrics.count(
                kind,
                result_of(kind, one),
                merchant_id=one.merchant_id,
                age_seconds=max(0.0, one.age_seconds),
                traceparent=one.traceparent,
            )


def result_of(kind: Kind, one: Answered) -> str:
    """Say how the command ended: executed, declined (by the gateway) or rejected."""
    if one.state == OperationState.REJECTED:
        return "rejected"
    return "declined" if one.ce_type in _DECLINED[kind] else "executed"
