"""I7: what Kafka will not give again is in the ledger, answered with a rejection, or a dead letter."""

from collections.abc import Iterator

from paybus.cli.reconciliation.answers import stands
from paybus.cli.reconciliation.asked import ask_of
from paybus.cli.reconciliation.evidence import Evidence, Sent
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, finding


def check_offsets(evidence: Evidence) -> Finding:
    """Hold I7: the committed offsets against the ledger, the rejections and the dead-letter topics."""
    committed = [record for record in evidence.sent if _is_committed(record, evidence)]
    compared = f"{len(committed)} records below the offsets of {len(evidence.committed)} partitions"
    return finding(Invariant.DURABLE_OFFSETS, compared, _not_durable(committed, evidence))


def _is_committed(record: Sent, evidence: Evidence) -> bool:
    topic, partition, offset = record.position
    return offset < evidence.committed.get((topic, partition), 0)


def _not_durable(committed: list[Sent], evidence: Evidence) -> Iterator[Violation]:
    letters = {letter.position for letter in evidence.letters}
    for record in committed:
        if record.position not in letters and not _is_in_ledger(record, evidence):
            topic, partition, offset = record.position
            yield Violation(f"{topic}[{partition}]@{offset}", "is committed, and is nowhere else")


def _is_in_ledger(record: Sent, evidence: Evidence) -> bool:
    ask = ask_of(record)
    if ask is None:
        return False
    return stands(ask, evidence) or any(one in evidence.events for one in ask.rejections)
