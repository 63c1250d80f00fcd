"""The gateway's times are China's, in whatever form they come."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.gateway.china_time import CHINA_TIME, read_time, write_time

MOMENT = datetime(2015, 10, 14, 4, 43, 14, tzinfo=CHINA_TIME)


@pytest.mark.parametrize(
    "text",
    [
        "2015-10-14 04:43:14",
        " 2015-10-14 04:43:14\r\n",
        "2015-10-14T04:43:14",
        "2015-10-14T04:43:14.000",
        "2015-10-14 04:43:14.0",
        "2015-10-14T04:43:14+08:00",
        "2015-10-13T20:43:14Z",
        "2015-10-13T16:43:14.000-04:00",
        "20151014044314",
        "1444768994000",
    ],
)
def test_every_form_of_one_moment(text: str) -> None:
    """With and without fractions and zones, packed, and as milliseconds."""
    assert read_time(text) == MOMENT


def test_a_date_alone_is_its_first_second() -> None:
    """In China, not in UTC."""
    assert read_time("2015-10-14") == datetime(2015, 10, 14, tzinfo=CHINA_TIME)


@pytest.mark.parametrize(
    "text", [None, "", " ", "now", "2015-13-01", "0001-01-01T00:00:00+14:00", "99999999999999", "1" * 40]
)
def test_nothing_and_nonsense_are_no_time(text: str | None) -> None:
    """What cannot be read is None, never an error."""
    assert read_time(text) is None


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)))  # noqa: DTZ001 - UTC is set below
def test_a_time_reads_back_to_the_second(moment: datetime) -> None:
    """Whatever zone it was given in, it is written for China and means the same."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert read_time(write_time(moment)) == moment
