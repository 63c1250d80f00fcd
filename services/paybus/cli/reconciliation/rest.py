"""I8: when the faults have stopped, everything comes to its end."""

from collections.abc import Iterator

from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, at, finding


def check_rest(evidence: Evidence) -> Finding:
    """Hold I8 against the ledger, when there was time enough: nothing is open, nothing is promised."""
    compared = f"{len(evidence.operations)} operations, {len(evidence.trades)} trades"
    return finding(Invariant.NOTHING_OPEN, compared, _left_over(evidence))


def _left_over(evidence: Evidence) -> Iterator[Violation]:
    for row in evidence.operations:
        if row.is_open:
            yield at(row.place, f"{row.kind} {row.key} is still {row.state}")
    for trade in evidence.trades:
        if trade.reserved_fen:
            yield at(trade.place, f"{trade.reserved_fen} fen are still reserved")
