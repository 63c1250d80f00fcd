"""A proof that cannot fail is none: a guard that is taken out of the services is missed by `paybus prove`."""

from collections.abc import Iterator
from pathlib import Path
import tempfile

import pytest
from tests.mutations.proof import Answer, Mutation, prove

FOUND = Answer(exit_code=1, complaints=(("request_sent 1", "I1", "M/P09-001: 2 charges"),), output="")
DEFECT = Mutation(module="accept_after_call", rounds=("request_sent 1",), breaks=frozenset({"I1"}))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder: not pytest's own, which every session closes to PostgreSQL's account."""
    with tempfile.TemporaryDirectory(prefix="paybus-mutation-") as name:
        yield Path(name)


@pytest.mark.e2e
def test_a_pay_that_is_accepted_after_its_call_is_found(folder: Path) -> None:
    """Killed between the call and its acceptance, the worker's successor charges the same customer again."""
    answer = prove(DEFECT, folder)
    assert answer.exit_code == 1, answer.output
    assert "I1" in answer.broken, answer.output
    assert any("2 charges" in sentence for _, _, sentence in answer.complaints)


def test_a_defect_is_found_only_by_a_promise_that_it_breaks() -> None:
    """A proof that could not be made, or that complains of something else, has found nothing."""
    assert FOUND.is_right_about(DEFECT)
    assert not Answer(exit_code=0, complaints=(), output="").is_right_about(DEFECT)
    assert not Answer(exit_code=2, complaints=FOUND.complaints, output="").is_right_about(DEFECT)
    other = (("request_sent 1", "I8", "M/P09-001: pay P09-001 is still unknown"),)
    assert not Answer(exit_code=1, complaints=other, output="").is_right_about(DEFECT)


def test_without_a_defect_everything_must_be_held() -> None:
    """The same rounds, unchanged, are the other half of the evidence."""
    none = Mutation(module=None, rounds=("request_sent 1",))
    assert Answer(exit_code=0, complaints=(), output="").is_right_about(none)
    assert not FOUND.is_right_about(none)
