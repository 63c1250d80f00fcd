"""Discrepancies, counted and named in the log as they go out: whoever found one, its event comes by here."""

from collections.abc import Sequence

import msgspec
import structlog

from paybus.contracts.event import TradeEvent
from paybus.ledger.outbox import Pending
from paybus.telemetry.metrics.family import OTHER
from paybus.telemetry.metrics.notifier import COMPARISON, DiscrepancyMetrics
from paybus.telemetry.metrics.reconciler import RECONCILIATION_BREAKS
from paybus.trades.happening import Happening
from paybus.trades.outcome import Source

_decoder = msgspec.json.Decoder(TradeEvent)
_log = structlog.get_logger(__name__)


class DiscrepancyCount:
    """Counts what was published and has left the outbox: repeats are not counted again."""

    def __init__(self, metrics: DiscrepancyMetrics) -> None:
        self._discrepancies = metrics.discrepancies

    def count(self, published: Sequence[Pending]) -> None:
        """Count the discrepancies among these events; never raises."""
        for one in published:
            if one.ce_type == Happening.TRADE_DISCREPANCY:
                self._count(one)

    def _count(self, one: Pending) -> None:
        try:
            event = _decoder.decode(one.value)
        except msgspec.MsgspecError:  # of a later version: its bytes are published as they are
            self._discrepancies.of(OTHER).inc()
            _log.warning("discrepancy.published", ce_id=one.ce_id, source=OTHER)
            return
        source = source_of(event)
        self._discrepancies.of(source).inc()
        _log.warning(
            "discrepancy.published",
            merchant_id=event.merchant_id,
            charge_code=event.charge_code,
            source=source,
            return_code=event.return_code,
            reason=event.reason,
        )


def source_of(event: TradeEvent) -> str:
    """Say where the news came from. The comparison of a day inquires as well, but without a return code."""
    compared = (
        event.source == Source.INQUIRY and not event.return_code and event.reason in RECONCILIATION_BREAKS
    )
    return COMPARISON if compared else event.source or OTHER
