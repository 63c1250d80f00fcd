"""A letter tells which record it was, and gives that back as it was sent."""

import pytest
from tests.cli.dead_letter.letters import COMMANDS, buried, letter
from tests.intake.records import SENT_MS, Consumed

from paybus.cli.dead_letter.letter import Letter, Place, twins
from paybus.cli.errors import CliError
from paybus.contracts.dead_letter import Origin, replay_headers

HEADERS = [("x", None), ("y", b"\xff\xfe"), ("x", b"1"), ("x", b"1"), ("z", b""), ("kafka_dlt-x", b"2")]


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"A1"])
@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"{}"])
def test_the_record_is_given_back_as_it_was(key: bytes | None, value: bytes | None) -> None:
    """Null, empty, undecodable and repeated things are what the order service sent: none is mended."""
    original = letter(value, key=key, headers=HEADERS).original
    assert original is not None
    assert (original.key, original.value, list(original.headers)) == (key, value, HEADERS)
    assert (original.topic, original.partition, original.offset) == (COMMANDS, 3, 7)
    assert original.timestamp == SENT_MS


def test_a_letter_that_died_again_knows_its_replays() -> None:
    """The counter is ours and is taken off; the order service's headers are there once."""
    died_again = letter(b"{}", headers=replay_headers(HEADERS, replays=2), offset=9)
    assert died_again.replays == 2
    assert list(died_again.original_headers) == HEADERS
    assert died_again.origin == Origin(COMMANDS, 3, 9, SENT_MS)


def test_what_is_no_letter_of_ours_is_read_too() -> None:
    """Anybody may write on the topic: such a record is listed, and is nobody's."""
    stray = Letter.read(Consumed(b"{}", headers=[("x", b"1")], topic=f"{COMMANDS}.dlq"))
    assert (stray.origin, stray.original, stray.dead_since, stray.reason) == (None, None, None, "")


@pytest.mark.parametrize("since", [b"", b"yesterday", b"2026-01-31T08:00:00", b"\xff"])
def test_a_spoilt_time_costs_no_letter(since: bytes) -> None:
    """When it died is then not known; everything else still is."""
    record = buried(b"{}")
    headers = [(name, since if name == "paybus-dead-since" else text) for name, text in record.headers]
    spoilt = Letter.read(Consumed(b"{}", headers=headers))
    assert spoilt.dead_since is None
    assert spoilt.origin is not None


def test_letters_of_one_record_know_each_other() -> None:
    """A service that dies before its commit buries a record twice; that is one record, at two places."""
    once, twice, other = letter(b"x", at=1), letter(b"x", at=2), letter(b"x", at=3, offset=8)
    found = twins([once, twice, other])
    assert found[once.place] == (twice.place,)
    assert found[twice.place] == (once.place,)
    assert found[other.place] == ()


def test_a_topic_made_anew_has_other_records() -> None:
    """The same offset with another time is another record."""
    first, second = letter(b"x", at=1), letter(b"x", at=2, timestamp_ms=SENT_MS + 1)
    assert twins([first, second]) == {first.place: (), second.place: ()}


def test_a_place_is_written_as_it_is_read() -> None:
    """What `list` prints can be copied to `show`, whatever letters the topic's name has."""
    place = Place("my-shop.pay.commands.v1.dlq", 3, 48151623)
    assert str(place) == "my-shop.pay.commands.v1.dlq-3-48151623"
    assert Place.read(str(place)) == place


@pytest.mark.parametrize("text", ["", "7", "3-7", "-3-7", "topic-3", "topic-x-7", "topic-3-", "topic-٣-7"])
def test_what_is_no_place_is_told(text: str) -> None:
    """A mistyped place is a sentence, not a letter of somewhere else."""
    with pytest.raises(CliError, match="topic-partition-offset"):
        Place.read(text)
