"""A source is read again and again, and its outages are told once."""

import asyncio
from collections.abc import Awaitable, Callable
import time
from typing import NoReturn

from aiokafka.errors import CorruptRecordException, KafkaConnectionError
from prometheus_client import CollectorRegistry, Gauge
import pytest
from structlog.testing import capture_logs

from paybus.exporter.source import NotReadYetError, Source
from paybus.ledger.errors import LedgerRefusedError, LedgerUnavailableError


@pytest.fixture
def read_at() -> Gauge:
    return Gauge("read_at", "When.", registry=CollectorRegistry())


class DefectError(Exception):
    """A mistake of ours: the end of the test, too."""


def reading(source: Source, *turns: Exception | None) -> Callable[[], Awaitable[NoReturn]]:
    """Give a session that ends with each of *turns* in turn, None being a look that succeeded."""
    left = iter(turns)

    async def read_on() -> NoReturn:
        for turn in left:
            if turn is not None:
                raise turn
            source.note_read()
        raise DefectError

    return read_on


async def events(source: Source, *turns: Exception | None) -> list[tuple[str, str | None]]:
    """Give what is logged over *turns*: the event and the error."""
    with capture_logs() as entries, pytest.raises(DefectError):
        await source.keep_reading(reading(source, *turns))
    return [(entry["event"].removeprefix("exporter.source_"), entry.get("error")) for entry in entries]


@pytest.mark.parametrize(
    "outage",
    [
        LedgerUnavailableError("away"),
        LedgerRefusedError("no such table yet"),
        KafkaConnectionError(),
        CorruptRecordException(),
        ConnectionRefusedError(),
        TimeoutError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a header's name"),
    ],
)
async def test_an_outage_is_waited_out(read_at: Gauge, outage: Exception) -> None:
    """Whatever the ledger or the brokers answer, the source is read again after it."""
    source = Source("lag", read_at, every_seconds=0)
    assert await events(source, outage, None) == [
        ("is_away", type(outage).__name__),
        ("is_back", None),
    ]
    await source.was_read()


async def test_an_outage_is_told_once(read_at: Gauge) -> None:
    """Not at every try; but another reason, or another outage, is told again."""
    source = Source("lag", read_at, every_seconds=0)
    refused, slow = ConnectionRefusedError(), TimeoutError()
    turns = (refused, refused, slow, None, None, slow, slow)
    assert await events(source, *turns) == [
        ("is_away", "ConnectionRefusedError"),
        ("is_away", "TimeoutError"),
        ("is_back", None),
        ("is_away", "TimeoutError"),
    ]


async def test_a_defect_of_ours_is_not_waited_out(read_at: Gauge) -> None:
    """It ends the part, and with it the process: `/live` says so, and a new one is started."""
    with pytest.raises(KeyError):
        await Source("lag", read_at, every_seconds=0).keep_reading(reading_a_defect)


async def reading_a_defect() -> NoReturn:
    raise KeyError


async def test_the_stop_is_not_taken_for_an_outage(read_at: Gauge) -> None:
    """Being cancelled ends it at once."""
    source = Source("lag", read_at, every_seconds=3600)
    began = asyncio.Event()

    async def read_on() -> NoReturn:
        began.set()
        await asyncio.Event().wait()
        raise DefectError

    task = asyncio.create_task(source.keep_reading(read_on))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_source_says_when_it_was_read(read_at: Gauge) -> None:
    """Never, as long as it was not: then its figures are no figures, and the exporter is not ready."""
    source = Source("lag", read_at, every_seconds=0)
    with pytest.raises(NotReadYetError):
        await source.was_read()
    assert read_at._value.get() == 0
    before = time.time()
    source.note_read()
    await source.was_read()
    assert before <= read_at._value.get() <= time.time()
