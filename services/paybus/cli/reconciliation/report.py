"""The whole comparison, and the figures of a run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from paybus.cli.reconciliation.answers import Standing, check_answers, read_answers
from paybus.cli.reconciliation.effects import check_calls, check_refunds, check_single_effects
from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.finding import Finding, Invariant
from paybus.cli.reconciliation.offsets import check_offsets
from paybus.cli.reconciliation.sequence import check_sequence
from paybus.cli.reconciliation.truth import check_truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened, counted."""

    records: int
    commands: int
    repeats: int
    effects: Mapping[str, int]
    events: Mapping[str, int]
    answered_again: int
    answered: int
    open: Mapping[str, int]
    double_effects: int
    lost: int
    dead_letters: int
    callbacks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """The finding of each of I1 to I7, and the figures."""

    findings: tuple[Finding, ...]
    figures: Figures

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        return all(finding.held for finding in self.findings)


def reconcile(evidence: Evidence) -> Report:
    """Compare what was asked, done and told; pure."""
    answers = read_answers(evidence)
    findings = (
        check_single_effects(evidence),
        check_answers(evidence, answers),
        check_truth(evidence),
        check_sequence(evidence),
        check_refunds(evidence),
        check_calls(evidence),
        check_offsets(evidence),
    )
    asks, statement = answers.asked.asks, evidence.books.statement
    double = next(one for one in findings if one.invariant is Invariant.ONE_EFFECT)
    figures = Figures(
        records=len(evidence.sent),
        commands=len(asks),
        repeats=sum(ask.times - 1 for ask in asks),
        effects=_sorted(Counter(effect.kind for effect in statement.effects)),
        events=_sorted(Counter(event.happening for event in evidence.events.values())),
        answered_again=len(evidence.told) - len(evidence.events),
        answered=answers.count(Standing.ANSWERED),
        open=_sorted(Counter(row.state.value for row in evidence.operations if row.is_open)),
        double_effects=len(double.violations),
        lost=answers.count(Standing.LOST),
        dead_letters=len({letter.position for letter in evidence.letters}),
        callbacks=_sorted(Counter(one.kind for one in statement.callbacks if one.status is not None)),
    )
    return Report(findings, figures)


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
