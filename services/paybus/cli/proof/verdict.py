"""What a round proved: the findings about its own trades, and what was left when the faults had stopped."""

from dataclasses import dataclass

import msgspec

from paybus.cli.proof.round import Round
from paybus.cli.reconciliation.books import Books
from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.finding import Finding
from paybus.cli.reconciliation.report import Report, reconcile
from paybus.cli.reconciliation.rest import check_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One line of the table. `seconds` is from the last death until nothing was under way any more."""

    round: Round
    report: Report
    rest: Finding
    survivors: frozenset[str]
    seconds: float

    @property
    def reached(self) -> bool:
        """Whether every victim died where it was meant to."""
        return not self.survivors

    @property
    def held(self) -> bool:
        """Whether the promise was kept, and was put to the test."""
        return self.reached and not self.broken

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about each of I1 to I8."""
        return (*self.report.findings, self.rest)

    @property
    def broken(self) -> list[Finding]:
        """The findings of promises that were not kept."""
        return [finding for finding in self.findings if not finding.held]


def judge(evidence: Evidence, one: Round, *, survivors: frozenset[str], seconds: float) -> Verdict:
    """Hold every promise against what happened to the trades of a round; its faults are over."""
    its = evidence_of(evidence, one)
    return Verdict(
        round=one, report=reconcile(its), rest=check_rest(its), survivors=survivors, seconds=seconds
    )


def evidence_of(evidence: Evidence, one: Round) -> Evidence:
    """Keep of *evidence* what concerns the trades of a round."""

    def ours(charge_code: str | None) -> bool:
        return charge_code is not None and charge_code.startswith(one.prefix)

    statement = evidence.books.statement
    return Evidence(
        sent=evidence.sent,  # of this round alone
        committed=evidence.committed,
        letters=evidence.letters,  # no record of any round deserves one
        told=[told for told in evidence.told if ours(told.content.charge_code)],
        calls=[call for call in evidence.calls if ours(call.charge_code)],
        operations=[row for row in evidence.operations if ours(row.charge_code)],
        trades=[row for row in evidence.trades if ours(row.charge_code)],
        books=Books(
            msgspec.structs.replace(
                statement,
                effects=tuple(line for line in statement.effects if ours(line.charge_code)),
                orders=tuple(line for line in statement.orders if ours(line.charge_code)),
                calls=tuple(line for line in statement.calls if ours(line.charge_code)),
            )
        ),
    )
