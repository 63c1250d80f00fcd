"""I2: each command has exactly one final answer, or is open where everybody can see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from paybus.cli.reconciliation.asked import Ask, Asked, read_asked
from paybus.cli.reconciliation.evidence import Evidence, OperationRow
from paybus.cli.reconciliation.finding import Finding, Invariant, Violation, at, finding
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

_OUTCOMES_OF_PAY = (
    Happening.TRADE_CREATED,
    Happening.TRADE_PAID,
    Happening.TRADE_DECLINED,
    Happening.TRADE_REVOKED,
    Happening.TRADE_REVOCATION_REQUESTED,
    Happening.TRADE_CLOSED,
)
_ENDS_OF_PAY = (Happening.TRADE_PAID, Happening.TRADE_DECLINED)
_ENDS_OF_REFUND = (Happening.REFUND_SUCCEEDED, Happening.REFUND_FAILED)


@unique
class Standing(StrEnum):
    """How a command stands in the end."""

    ANSWERED = "answered"
    OPEN = "open"
    """No final answer yet; the ledger shows it, and somebody works on it or asks about it."""
    LOST = "lost"
    CONTRADICTED = "contradicted"
    """More than one final answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of everything that was asked."""

    asked: Asked
    standings: tuple[Standing, ...]

    def count(self, standing: Standing) -> int:
        """Count the commands that stand so."""
        return self.standings.count(standing)


def read_answers(evidence: Evidence) -> Answers:
    """Find out how every command stands."""
    asked = read_asked(evidence.sent)
    return Answers(asked, tuple(_standing(ask, evidence) for ask in asked.asks))


def answers_to(ask: Ask, evidence: Evidence) -> frozenset[str]:
    """Give the ids of the events that answer *ask* for good: one, if all is well."""
    rejections = frozenset(one for one in ask.rejections if one in evidence.events)
    if not stands(ask, evidence):
        return rejections
    match ask.kind:
        case Kind.PAY:
            return rejections | _answers_to_pay(ask, evidence)
        case Kind.REFUND:
            return rejections | _answers_to_refund(ask, evidence)
        case Kind.CANCEL:
            return rejections | _answers_to_cancel(ask, evidence, rejected=bool(rejections))


def stands(ask: Ask, evidence: Evidence) -> bool:
    """Say whether this content was accepted under its key, and not another one or none."""
    row = _row_of(ask, evidence)
    return row is not None and row.fingerprint == ask.fingerprint


def check_answers(evidence: Evidence, answers: Answers) -> Finding:
    """Hold I2 against the events topic, the dead-letter topics and the ledger."""
    asked = answers.asked
    compared = (
        f"{len(evidence.sent)} records, {len(asked.asks)} commands, {len(asked.unanswerable)} records"
        f" that are none, {len(evidence.operations)} rows"
    )
    violations = [
        *_wrong_answers(evidence, answers),
        *_untold_answers(evidence),
        *_wrong_letters(evidence, asked),
    ]
    return finding(Invariant.ONE_ANSWER, compared, violations)


def _row_of(ask: Ask, evidence: Evidence) -> OperationRow | None:
    return evidence.standing.get((ask.merchant_id, ask.kind, ask.key))


def _standing(ask: Ask, evidence: Evidence) -> Standing:
    answers = answers_to(ask, evidence)
    if len(answers) > 1:
        return Standing.CONTRADICTED
    if answers:
        return Standing.ANSWERED
    row = _row_of(ask, evidence)
    return Standing.OPEN if row is not None and row.is_open and stands(ask, evidence) else Standing.LOST


def _answers_to_pay(ask: Ask, evidence: Evidence) -> frozenset[str]:
    """Give the first outcome: what the customer or a cancel does to the trade later answers others.

    Paid and declined, or paid twice, is more than one answer.
    """
    outcomes = evidence.told_of(ask.place, _OUTCOMES_OF_PAY)
    ends = evidence.told_of(ask.place, _ENDS_OF_PAY)
    return frozenset(event.ce_id for event in (ends if len(ends) > 1 else outcomes[:1]))


def _answers_to_refund(ask: Ask, evidence: Evidence) -> frozenset[str]:
    ends = evidence.told_of(ask.place, _ENDS_OF_REFUND)
    return frozenset(event.ce_id for event in ends if event.content.out_refund_no == ask.key)


def _answers_to_cancel(ask: Ask, evidence: Evidence, *, rejected: bool) -> frozenset[str]:
    # A trade that closed by itself is no answer to a cancel that was refused because of it.
    ends = (Happening.TRADE_REVOKED,) if rejected else (Happening.TRADE_REVOKED, Happening.TRADE_CLOSED)
    return frozenset(event.ce_id for event in evidence.told_of(ask.place, ends))


def _wrong_answers(evidence: Evidence, answers: Answers) -> Iterator[Violation]:
    for ask, standing in zip(answers.asked.asks, answers.standings, strict=True):
        if standing is Standing.LOST:
            yield at(
                ask.place, f"{ask.kind} {ask.key} has no answer, and the ledger does not show it as open"
            )
        elif standing is Standing.CONTRADICTED:
            ids = ", ".join(sorted(answers_to(ask, evidence)))
            yield at(ask.place, f"{ask.kind} {ask.key} has more than one answer: {ids}")


def _untold_answers(evidence: Evidence) -> Iterator[Violation]:
    """Find rows whose answer, which is what a duplicate gets, is not on Kafka or is about something else."""
    for row in evidence.operations:
        if row.is_open:
            continue
        answer = evidence.events.get(row.answer_id or "")
        if answer is None:
            name = row.answer_id or "none"
            yield at(
                row.place, f"{row.kind} {row.key} is {row.state}, and its answer ({name}) is not on Kafka"
            )
        elif answer.place != row.place or (
            row.kind is Kind.REFUND and answer.content.out_refund_no != row.key
        ):
            yield at(
                row.place, f"{row.kind} {row.key} is answered with {answer.ce_id}, which does not name it"
            )


def _wrong_letters(evidence: Evidence, asked: Asked) -> Iterator[Violation]:
    """Find records that should be dead letters and are not, the other way round, and altered ones."""
    buried = {letter.position: letter.value for letter in evidence.letters}
    expected = {record.position: record.value for record in asked.unanswerable}
    for position, value in expected.items():
        if position not in buried:
            yield Violation(_name(position), "asks for nothing anybody could answer, and is no dead letter")
        elif buried[position] != value:
            yield Violation(_name(position), "is another value as a dead letter")
    for position in buried.keys() - expected.keys():
        yield Violation(_name(position), "is a dead letter, and nobody sent such a record")


def _name(position: tuple[str, int, int]) -> str:
    topic, partition, offset = position
    return f"{topic}[{partition}]@{offset}"
