"""A soak is only as good as its no: what happened twice, was lost, left open or leaked is told."""

from dataclasses import replace

from msgspec import structs
from tests.cli.proof.test_proof import all_well
from tests.soak.memory import Course, Sample, course_of
from tests.soak.stage import Settled
from tests.soak.verdict import judge

from paybus.cli.reconciliation.books import Books
from paybus.cli.reconciliation.evidence import Evidence

AT_REST = Settled(unknown=2, unknown_seconds=1.0, quiet_seconds=2.0)
FLAT = {"pay": Course(start=70, middle=80, end=82, slope=0.1)}


def with_a_double() -> Evidence:
    """Give the evidence of a good run in whose books one charge stands twice."""
    good = all_well()
    statement = good.books.statement
    (first, *_) = (one for one in statement.effects if one.kind == "charge")
    return replace(good, books=Books(structs.replace(statement, effects=(*statement.effects, first))))


def test_a_good_run_is_passed() -> None:
    """With nothing to find there is no problem, and something was compared."""
    verdict = judge(all_well(), AT_REST, FLAT)
    assert verdict.problems == []
    assert verdict.report.figures.commands > 0


def test_a_double_in_the_books_is_not_passed() -> None:
    """One effect too many in the gateway's books is enough."""
    problems = judge(with_a_double(), AT_REST, FLAT).problems
    assert "1 double effects" in problems
    assert "I1 is broken 1 times" in problems


def test_what_the_books_contradict_is_wrong() -> None:
    """A payment that was announced and is not in the books is counted as a wrong verdict."""
    good = all_well()
    statement = structs.replace(good.books.statement, effects=())
    verdict = judge(replace(good, books=Books(statement)), AT_REST, FLAT)
    assert verdict.wrong > 0
    assert f"{verdict.wrong} wrong verdicts" in verdict.problems


def test_what_is_lost_is_not_passed() -> None:
    """A command without an answer that the ledger does not know either is lost."""
    good = all_well()
    verdict = judge(replace(good, told=(), operations=()), AT_REST, FLAT)
    assert f"{verdict.report.figures.commands} commands lost" in verdict.problems


def test_what_does_not_come_to_rest_is_not_passed() -> None:
    """UNKNOWNs must go to zero within the patience."""
    problems = judge(all_well(), replace(AT_REST, quiet_seconds=None), FLAT).problems
    assert problems == ["it did not come to rest"]


def test_memory_that_grows_is_not_passed() -> None:
    """A process that gains 6 MB a minute from a start of 70 MB is told, with its name."""
    leaking = course_of([Sample(float(at), 70 + at / 10) for at in range(0, 600, 10)])
    assert leaking is not None
    assert round(leaking.slope, 1) == 6.0
    (problem,) = judge(all_well(), AT_REST, {"refund": leaking}).problems
    assert problem.startswith("refund grew from ")


def test_a_warm_up_is_not_growth() -> None:
    """What a process takes in its first minutes and then keeps is flat, though the line rises."""
    course = course_of([Sample(float(at), 70 + min(at, 90) / 2) for at in range(0, 600, 10)])
    assert course is not None
    assert course.is_flat
    assert (course.start, course.middle, course.end, course.slope) == (115, 115, 115, 0)


def test_a_life_too_short_has_no_course() -> None:
    """Two looks are no thirds: nothing is said about such a process."""
    assert course_of([Sample(0.0, 70.0), Sample(1.0, 90.0)]) is None
