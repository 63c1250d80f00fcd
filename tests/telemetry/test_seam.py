"""A seam is nothing in a normal run, and the end of the process where a proof wants it."""

import os
import signal
import subprocess
import sys

import pytest

from paybus.telemetry.seam import Blow, Seam, parse, reach

_PASSING = """
import sys
from paybus.telemetry.seam import Seam, arm, reach
arm(sys.argv[1])
for number in range(5):
    reach(Seam.SETTLE_NOT_COMMITTED)
    print(number, flush=True)
    reach(Seam.SETTLE_COMMITTED)
"""


@pytest.mark.parametrize("seam", list(Seam))
def test_an_unarmed_seam_is_passed(seam: Seam) -> None:
    """Nothing happens at any seam as long as none is armed."""
    assert reach(seam) is None  # and the process is still there


def test_an_armed_seam_kills_at_its_count() -> None:
    """The third time it is reached the process is gone, by SIGKILL; other seams and earlier times pass."""
    done = subprocess.run(
        [sys.executable, "-c", _PASSING, "settle_committed:3"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (-9, ["0", "1", "2"])


def test_a_frozen_process_goes_on_when_it_is_let() -> None:
    """It stands still at its seam, and passes by there from then on."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PASSING, "settle_committed:2:freeze"], stdout=subprocess.PIPE, text=True
    )
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    process.send_signal(signal.SIGCONT)
    printed, _ = process.communicate()
    assert (process.returncode, printed.split()) == (0, ["0", "1", "2", "3", "4"])


def test_a_seam_is_read_from_text() -> None:
    """A name alone kills at the first passing."""
    assert parse("answer_read") == (Seam.ANSWER_READ, 1, Blow.KILL)
    assert parse("answer_read:3") == (Seam.ANSWER_READ, 3, Blow.KILL)
    assert parse("answer_read:2:freeze") == (Seam.ANSWER_READ, 2, Blow.FREEZE)


@pytest.mark.parametrize("text", ["", "nowhere", "settle_committed:many", "settle_committed:1:2"])
def test_a_wrong_name_is_refused(text: str) -> None:
    """A misspelt seam must not let a proof pass without its crash."""
    with pytest.raises(ValueError, match=r"not a valid|invalid literal"):
        parse(text)
