"""How long answers took: from the moment a command was to be sent until its answer was on Kafka."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from paybus.cli.reconciliation.books import Books, Call, Place
from paybus.cli.reconciliation.evidence import Evidence
from paybus.trades.happening import Happening

_OUTCOMES = (
    Happening.TRADE_CREATED,
    Happening.TRADE_PAID,
    Happening.TRADE_DECLINED,
    Happening.TRADE_CLOSED,
)
_PAYING = ("pay", "order")

Span = tuple[float, float]
"""From one Unix time to another."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    count: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency | None":
        """Give the percentiles; None of less than two values."""
        if len(seconds) < 2:
            return None
        cuts = quantiles(seconds, n=100)
        return cls(len(seconds), cuts[49] * 1000, cuts[98] * 1000, max(seconds) * 1000)


@dataclass(frozen=True, slots=True)
class Latencies:
    """`asked` is all of the time of every pay; `added` what we added to the gateway's own.

    What is added is known where one call was made and its answer was seen. `calm` leaves out those that were
    to be sent while somebody was killed or the gateway was away, and shortly after.
    """

    asked: Latency | None
    added: Latency | None
    calm: Latency | None


def latencies(evidence: Evidence, due: Mapping[Place, float], disturbed: Iterable[Span]) -> Latencies:
    """Measure the pays that were to be sent at *due* (Unix seconds)."""
    asked = {}
    for place, at in due.items():
        outcomes = evidence.told_of(place, _OUTCOMES)[:1]
        if outcomes:
            asked[place] = outcomes[0].told_at - at
    gateway = _gateway_seconds(evidence.books)
    added = {place: seconds - gateway[place] for place, seconds in asked.items() if place in gateway}
    spans = list(disturbed)
    calm = [
        seconds
        for place, seconds in added.items()
        if not any(begin <= due[place] < end for begin, end in spans)
    ]
    return Latencies(Latency.of([*asked.values()]), Latency.of([*added.values()]), Latency.of(calm))


def _gateway_seconds(books: Books) -> dict[Place, float]:
    """Give the gateway's own time of each pay that was called for once and whose answer was seen."""
    calls: dict[Place, list[Call]] = defaultdict(list)
    for call in books.statement.calls:
        if call.operation in _PAYING and call.charge_code is not None:
            calls[call.merchant_id, call.charge_code].append(call)
    return {
        place: one.answered_at - one.at
        for place, (one, *more) in calls.items()
        if not more and one.fault is None and one.answered_at is not None and one.answer_code == "SUCCESS"
    }
