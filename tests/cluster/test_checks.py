"""A table of checks says what failed, and its exit code does as well."""

from collections.abc import Callable

import pytest
from tests.cluster.checks import Checks
from tests.cluster.errors import ClusterError


def _fail(error: Exception) -> Callable[[], None]:
    def everything() -> None:
        raise error

    return everything


def test_what_holds_ends_with_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Every figure that was told is in the table."""
    checks = Checks("a title")
    with checks.check("one thing") as told:
        told("12 pods")
    assert checks.report() == 0
    assert "12 pods" in capsys.readouterr().out


@pytest.mark.parametrize("error", [ClusterError("no such pod"), AssertionError("a selector changed")])
def test_a_failure_is_told_and_the_next_check_is_tried(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """One check that fails does not hide what the others would find."""
    checks = Checks("a title")
    with checks.check("first"):
        raise error
    with checks.check("second"):
        pass
    assert checks.report() == 1
    assert [line.verdict for line in checks.lines] == ["FAILED", "ok"]
    assert str(error) in capsys.readouterr().out


def test_a_cluster_that_does_not_start_is_a_failure() -> None:
    """A run that could not try anything is not a good one."""
    checks = Checks("a title")
    checks.attempt(_fail(ClusterError("etcd ended with 1")))
    assert checks.report() == 1


def test_a_run_without_checks_is_a_failure() -> None:
    """To have tried nothing proves nothing."""
    assert Checks("a title").report() == 1


def test_what_was_not_tried_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no failure, and nobody can take it for a success."""
    checks = Checks("a title")
    with checks.check("one thing"):
        pass
    checks.skip("NetworkPolicies", "nothing enforces them here")
    assert checks.report() == 0
    assert "not tried: NetworkPolicies: nothing enforces them here" in capsys.readouterr().out


def test_a_defect_of_the_program_is_not_a_finding() -> None:
    """Only what was looked for is noted; anything else ends the run."""
    checks = Checks("a title")
    with pytest.raises(KeyError), checks.check("one thing"):
        raise KeyError("status")
