"""A command's headers help, and never cost a command."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.contracts.header import CommandHeaders, read_headers

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BAD_TIMES = ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59Z"]
BAD_TRACES = ["", "00-0-0-0", TRACE.upper(), TRACE + "\n", TRACE + "-00", "01" + TRACE[2:]]
NAMES = st.sampled_from(["ce_time", "traceparent"]) | st.text(max_size=5)


def test_time_and_trace_are_read() -> None:
    """The CloudEvents time and the trace context are taken as they were sent; other headers mean nothing."""
    headers = read_headers(
        [("ce_time", b"2026-01-31T08:00:00+08:00"), ("x", b"\xff"), ("traceparent", TRACE.encode())]
    )
    assert headers == CommandHeaders(ce_time=datetime(2026, 1, 31, tzinfo=UTC), traceparent=TRACE)


def test_a_time_without_offset_is_utc() -> None:
    """A sender that leaves out the offset means UTC, as CloudEvents writes it."""
    assert read_headers([("ce_time", b"2026-01-31T08:00:00")]).ce_time == datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", BAD_TIMES)
def test_an_unusable_time_is_passed_over(text: str) -> None:
    """No time, or one of a broken clock, is no time: the record's own is used instead."""
    assert read_headers([("ce_time", text.encode())]).ce_time is None


@pytest.mark.parametrize("text", BAD_TRACES)
def test_an_unusable_trace_is_passed_over(text: str) -> None:
    """What is not a trace context of version 00 starts no trace and breaks none."""
    assert read_headers([("traceparent", text.encode())]).traceparent is None


def test_null_headers_are_passed_over() -> None:
    """Kafka allows null as a header's value; it is as if the header were not there."""
    assert read_headers([("ce_time", None), ("traceparent", None), ("", None)]) == CommandHeaders()


@given(st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=40))))
def test_any_headers_can_be_read(headers: list[tuple[str, bytes | None]]) -> None:
    """Whatever the headers are, reading them raises nothing."""
    assert isinstance(read_headers(headers), CommandHeaders)


@given(st.datetimes(timezones=st.timezones()).map(datetime.isoformat))
def test_a_time_that_is_read_can_be_counted_with(text: str) -> None:
    """A time that is read exists in UTC, and so does the moment an hour before or after."""
    time = read_headers([("ce_time", text.encode())]).ce_time
    if time is not None:
        assert time.astimezone(UTC) - timedelta(hours=1) < time < time.astimezone(UTC) + timedelta(hours=1)
    else:
        assert not 2000 < datetime.fromisoformat(text).year < 2199
