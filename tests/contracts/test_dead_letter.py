"""A dead letter is the original record, and says where it came from and why it is here."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.validator import validator_of

from paybus.contracts.dead_letter import dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.contracts.message import DEAD_LETTER
from paybus.contracts.schema import document_of

ERROR = NotACommandError("not_json", "the value is not JSON in UTF-8: 商户 – send one JSON object")
ORIGINALS = st.lists(st.tuples(st.text(max_size=5), st.none() | st.binary(max_size=5)), max_size=4)


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
