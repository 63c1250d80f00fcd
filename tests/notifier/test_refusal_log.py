"""Anybody can make us refuse something; nobody can fill the log with it."""

import pytest
from structlog.testing import capture_logs

from paybus.notifier import refusal_log as module
from paybus.notifier.refusal_log import LINES_PER_SECOND, RefusalLog


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time, to be changed."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def refuse(log: RefusalLog, merchant_id: str = "0010000001") -> None:
    """Note a refusal."""
    log.note("callback.refused", merchant_id=merchant_id, remote="192.0.2.1", reason="sign_wrong")


def test_a_line_says_who_and_why(clock: list[float]) -> None:
    """Merchant, address and reason: enough to find out, and nothing of what was sent."""
    with capture_logs() as lines:
        refuse(RefusalLog())
    assert lines == [
        {
            "event": "callback.refused",
            "merchant_id": "0010000001",
            "remote": "192.0.2.1",
            "reason": "sign_wrong",
            "left_out": 0,
            "log_level": "warning",
        }
    ]


def test_the_number_of_lines_is_limited(clock: list[float]) -> None:
    """A flood is ten lines a second, and the first line of the next second says how many are missing."""
    log = RefusalLog()
    with capture_logs() as lines:
        for _ in range(1000):
            refuse(log)
        assert len(lines) == LINES_PER_SECOND
        clock[0] += 1
        refuse(log)
        refuse(log)
    assert [line["left_out"] for line in lines[LINES_PER_SECOND:]] == [1000 - LINES_PER_SECOND, 0]


def test_a_name_out_of_a_path_is_cut(clock: list[float]) -> None:
    """What stands in the place of a merchant can be anything: no line grows with it."""
    with capture_logs() as lines:
        refuse(RefusalLog(), "x" * 10_000)
    assert lines[0]["merchant_id"] == "x" * 32
