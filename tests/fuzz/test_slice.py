"""A small slice of the fuzz run, the same inputs each time; `make fuzz` runs the rest."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.fuzz.__main__ import INPUTS, TARGETS
from tests.fuzz.md5_extension import extend
from tests.fuzz.target import Target, fuzz


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.replace(" ", "_"))
def test_the_rule_of_a_target_holds(target: Target) -> None:
    """Whatever comes: no errors but the room's, nothing tampered accepted, what was written reads back."""
    assert target.holds.__doc__
    assert fuzz(target, 240) >= 200


def test_the_whole_run_has_a_hundred_thousand_inputs() -> None:
    """The command's default is what was promised."""
    assert len(TARGETS) * INPUTS >= 100_000


def test_a_broken_rule_is_found() -> None:
    """The runner passes on what a rule raises."""

    def never(_data: object) -> None:
        """Never hold."""
        raise AssertionError("as it should")

    with pytest.raises(AssertionError, match="as it should"):
        fuzz(Target("never", st.just([1, 2]), never), 10)


@given(st.binary(max_size=150), st.binary(max_size=150))
def test_extension_is_right_for_any_text(text: bytes, suffix: bytes) -> None:
    """The attack that callbacks are held against is the real one."""
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    tail, extended = extend(digest, len(text), suffix)
    assert hashlib.md5(text + tail, usedforsecurity=False).hexdigest() == extended
