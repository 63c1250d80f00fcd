"""Whether a soak was passed, and if not, why: by the same judge as `paybus run` and `paybus prove`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.soak.memory import Course
from tests.soak.stage import Settled

from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.finding import Invariant
from paybus.cli.reconciliation.report import Report, reconcile


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the books say, what was left open, and how memory went; `courses` are of our services alone."""

    report: Report
    settled: Settled
    courses: Mapping[str, Course]

    @property
    def wrong(self) -> int:
        """How many events the books contradict, or effects that no event tells of."""
        return sum(
            len(one.violations) for one in self.report.findings if one.invariant is Invariant.TRUE_EVENTS
        )

    @property
    def problems(self) -> list[str]:
        """Everything for which it is not passed, in a sentence each."""
        return [*self._of_money(), *self._of_rest(), *self._of_memory()]

    def _of_money(self) -> Iterator[str]:
        figures = self.report.figures
        if figures.double_effects:
            yield f"{figures.double_effects} double effects"
        if figures.lost:
            yield f"{figures.lost} commands lost"
        if self.wrong:
            yield f"{self.wrong} wrong verdicts"
        for one in self.report.findings:
            if not one.held:
                yield f"{one.invariant} is broken {len(one.violations)} times"

    def _of_rest(self) -> Iterator[str]:
        if self.report.figures.open:
            yield f"still open: {dict(self.report.figures.open)}"
        if self.settled.quiet_seconds is None:
            yield "it did not come to rest"

    def _of_memory(self) -> Iterator[str]:
        for name, course in self.courses.items():
            if not course.is_flat:
                yield f"{name} grew from {course.middle:.0f} to {course.end:.0f} MB"


def judge(evidence: Evidence, settled: Settled, courses: Mapping[str, Course]) -> Verdict:
    """Compare everything that was asked, done and told."""
    return Verdict(report=reconcile(evidence), settled=settled, courses=courses)
