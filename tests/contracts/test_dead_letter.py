"""A dead letter is the original record, and says where it came from and why it is here."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.contracts.validator import validator_of

from paybus.contracts.dead_letter import Origin, dead_letter_headers, exhume, replay_headers
from paybus.contracts.errors import NotACommandError
from paybus.contracts.message import DEAD_LETTER
from paybus.contracts.schema import document_of

ERROR = NotACommandError("not_json", "the value is not JSON in UTF-8: 商户 – send one JSON object")
ORIGINALS = st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=5)), max_size=4)
ORIGIN = Origin("paybus.pay.commands.v1", 3, 2**40, 1769846400000)


def headers_of(
    original: list[tuple[str, bytes | None]], error: NotACommandError = ERROR
) -> list[tuple[str, bytes | None]]:
    """Give the headers of a dead letter with *original* headers."""
    return dead_letter_headers(
        original,
        topic="paybus.pay.commands.v1",
        partition=3,
        offset=2**40,
        timestamp_ms=1769846400000,
        error=error,
    )


def test_the_reason_and_the_place_are_told_as_text() -> None:
    """Names are Spring Kafka's and values text, so that its tools and a person's eyes can read them."""
    before = datetime.now(UTC).replace(microsecond=0)
    texts = {name: value.decode() for name, value in headers_of([]) if value is not None}
    validator_of(document_of(DEAD_LETTER)).validate(texts)
    assert before <= datetime.fromisoformat(texts.pop("paybus-dead-since")) <= datetime.now(UTC)
    assert texts == {
        "kafka_dlt-original-topic": "paybus.pay.commands.v1",
        "kafka_dlt-original-partition": "3",
        "kafka_dlt-original-offset": "1099511627776",
        "kafka_dlt-original-timestamp": "1769846400000",
        "kafka_dlt-exception-fqcn": "NotACommandError",
        "kafka_dlt-exception-message": ERROR.message,
        "paybus-reason": "not_json",
    }


@given(ORIGINALS)
def test_the_original_headers_stay_as_they_were(original: list[tuple[str, bytes | None]]) -> None:
    """Null, repeated and undecodable headers are kept in their order, before ours."""
    headers = headers_of(original)
    assert headers[: len(original)] == original
    assert [name for name, _ in headers[len(original) :]] == [name for name, _ in headers_of([])]


def test_a_letter_that_dies_again_tells_both_places() -> None:
    """Headers of a first death are kept: whoever reads the last of a name reads the latest death."""
    first = headers_of([])
    second = headers_of(first, NotACommandError("value_missing", "the record has no value"))
    assert second[: len(first)] == first
    assert dict(second)["paybus-reason"] == b"value_missing"


@given(ORIGINALS, st.integers(0, 3))
def test_what_the_order_service_gave_is_found_again(
    original: list[tuple[str, bytes | None]], deaths: int
) -> None:
    """However often a record died and was sent again, its own headers come back byte for byte, counted."""
    headers = headers_of(original)
    for replays in range(1, deaths + 1):
        found = exhume(headers)
        assert found is not None
        headers = headers_of(replay_headers(found.original, replays=replays))
    last = exhume(headers)
    assert last is not None
    assert (list(last.original), last.replays) == (original, deaths)
    assert Origin.read(last.added) == ORIGIN


def test_somebody_elses_dead_letter_keeps_that_ones_headers() -> None:
    """Only what stands last is ours: a record that was a dead letter elsewhere is given back as it was."""
    original = [("kafka_dlt-original-topic", b"theirs"), ("paybus-replays", b"many"), ("x", None)]
    found = exhume(headers_of(original))
    assert found is not None
    assert (list(found.original), found.replays) == (original, 0)
    assert found.added.topic == "paybus.pay.commands.v1"


@pytest.mark.parametrize("headers", [[], [("x", b"1")], headers_of([])[1:], [*headers_of([]), ("x", b"1")]])
def test_what_is_no_dead_letter_is_not_taken_for_one(headers: list[tuple[str, bytes | None]]) -> None:
    """Without all of our headers at the end nobody knows which ones are to be taken off."""
    assert exhume(headers) is None


@pytest.mark.parametrize("text", ["", "-", "7x", "٣", "1" * 19, "1.5"])
def test_a_place_that_is_no_number_is_no_place(text: str) -> None:
    """Headers may have been spoilt; a guess would count the replays of another record."""
    names = ("kafka_dlt-original-partition", "kafka_dlt-original-offset", "kafka_dlt-original-timestamp")
    for spoilt in names:
        headers = [(name, text.encode() if name == spoilt else value) for name, value in headers_of([])]
        found = exhume(headers)
        assert found is not None
        assert Origin.read(found.added) is None
