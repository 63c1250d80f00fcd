"""`paybus dlq` on real topics: what it shows, what it sends, what it refuses."""

import asyncio
from datetime import UTC, datetime
import json
from typing import Any

from confluent_kafka import Message
import psycopg
import pytest
from tests.cli.conftest import Paybus
from tests.cli.dead_letter.post_office import PostOffice
from tests.intake.records import ORDER, PAY, REFUND

from paybus.contracts.errors import NotACommandError
from paybus.trades.operation import Kind

ODD = [("x", None), ("y", b"\xff\xfe"), ("x", b"1"), ("x", b"1"), ("z", b""), ("paybus-reason", b"mine")]


def bury(office: PostOffice, *records: Any, **changed: Any) -> None:
    """Have a service bury records."""
    asyncio.run(office.buries(*records, **changed))


def content(message: Message) -> tuple[Any, ...]:
    """Give everything of a record but its offset."""
    return message.partition(), message.timestamp()[1], message.key(), message.value(), message.headers()


def listed(paybus: Paybus, *arguments: str) -> list[dict[str, Any]]:
    """Give the rows of the list."""
    ended = paybus("dlq", "list", "--json", *arguments)
    assert ended.code == 0
    return [json.loads(line) for line in ended.printed.splitlines()]


def test_where_nothing_is_nothing_is_listed_or_made(paybus: Paybus, office: PostOffice) -> None:
    """A topic that is not there has no letters, and is not made by asking for it."""
    ended = paybus("dlq", "list")
    assert (ended.code, ended.printed) == (0, "no dead letters\n")
    assert office.topic_names() == set()


def test_letters_are_listed_with_where_they_came_from(paybus: Paybus, office: PostOffice) -> None:
    """A row a letter, for people and for programs, chosen by topic and reason."""
    broken, other = office.sends(b"{", key=None), office.sends(b"[", kind=Kind.REFUND)
    bury(office, broken)
    bury(office, other, error=NotACommandError("identity_invalid", "merchant_id is missing"))
    (first,), (second,) = office.letters(), office.letters(Kind.REFUND)
    rows = listed(paybus)
    assert [row["place"] for row in rows] == [first, second]
    assert rows[0] | {"dead_since": None, "age_seconds": 0} == {
        "place": first,
        "dead_since": None,
        "age_seconds": 0,
        "reason": "not_json",
        "message": "the value is not JSON in UTF-8",
        "key": None,
        "replays": 0,
        "original_topic": broken.topic,
        "original_partition": 1,
        "original_offset": 0,
        "original_timestamp": broken.timestamp,
        "same_record": [],
    }
    assert [row["place"] for row in listed(paybus, "--topic", "refund")] == [second]
    assert [row["place"] for row in listed(paybus, "--reason", "not_json")] == [first]
    table = paybus("dlq", "list").printed.splitlines()
    assert len(table) == 3
    assert second in table[2]
    assert "merchant_id is missing" in table[2]


def test_a_letter_is_shown_whole(paybus: Paybus, office: PostOffice) -> None:
    """Headers, value, the reader's word of today; no customer's code, nothing that steers the terminal."""
    bury(office, office.sends(b'{"auth_code": "280000000000000001", "x": "\x1b[2J"', headers=ODD))
    ended = paybus("dlq", "show", office.letters()[0])
    assert ended.code == 0
    for shown in ("x = null", "y = 0xfffe", "paybus-reason = mine", "paybus-reason = not_json"):
        assert f"  {shown}\n" in ended.printed
    assert "today       refused (unreadable): it would only come back" in ended.printed
    assert '{"auth_code": "******************", "x": "\\x1b[2J"\n' in ended.printed


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), (b"", "0 bytes"), (b"\xff\xfe", "0xfffe")])
def test_values_that_are_no_text_are_shown_and_refused(
    paybus: Paybus, office: PostOffice, value: bytes | None, shown: str
) -> None:
    """Null, empty and binary values are told apart; none of them is a command."""
    bury(office, office.sends(value, headers=ODD))
    (place,) = office.letters()
    assert shown in paybus("dlq", "show", place).printed
    ended = paybus("dlq", "replay", place, "--yes")
    assert ended.code == 1
    assert f"{place} refused (unreadable): it would only come back" in ended.printed
    assert len(office.commands()) == 1


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"A1"])
def test_the_record_is_sent_as_it_was(paybus: Paybus, office: PostOffice, key: bytes | None) -> None:
    """Partition, time, key, value and headers are the order service's, byte for byte; ours is the last."""
    an_hour_ago = int(datetime.now(UTC).timestamp() * 1000) - 3_600_000
    bury(office, office.sends(PAY, key=key, headers=ODD, timestamp_ms=an_hour_ago))
    ended = paybus("dlq", "replay", office.letters()[0], "--yes")
    assert ended.code == 0
    assert f"-> {office.topics.commands(Kind.PAY)}-1-1, pay A1" in ended.printed
    assert ended.printed.endswith("1 sent, 0 refused\n")
    original, again = map(content, office.commands())
    assert again == (*original[:-1], [*ODD, ("paybus-replays", b"1")])


def test_without_yes_nothing_is_sent(paybus: Paybus, office: PostOffice, database_url: str) -> None:
    """A preview says what would be sent where, counts nothing and writes nothing."""
    bury(office, office.sends(ORDER, headers=ODD), office.sends(b"{"))
    good, bad = sorted(office.letters(), key=lambda place: int(place.rpartition("-")[2]))
    ended = paybus("dlq", "replay", "--reason", "not_json")
    assert ended.code == 1
    assert f"{good} -> {office.topics.commands(Kind.PAY)}-1\n" in ended.printed
    assert "key A1" in ended.printed
    assert "paybus-replays 1" in ended.printed
    assert "pay A1 of merchant 0010000001 will be carried out" in ended.printed
    assert f"{bad}\n  refused (unreadable)" in ended.printed
    assert ended.printed.endswith("1 would be sent, 1 refused; nothing was sent, for that say --yes\n")
    assert len(office.commands()) == 2
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM replay").fetchone() == (0,)


def test_replays_are_counted_although_records_never_change(paybus: Paybus, office: PostOffice) -> None:
    """The second is refused unless it is wanted, the third is the last, and the record tells its number."""
    bury(office, office.sends(ORDER))
    (place,) = office.letters()
    assert paybus("dlq", "replay", place, "--yes").code == 0
    assert [row["replays"] for row in listed(paybus)] == [1]
    refused = paybus("dlq", "replay", place, "--yes")
    assert refused.code == 1
    assert "refused (before)" in refused.printed
    for _ in range(2):
        assert paybus("dlq", "replay", place, "--again", "--yes").code == 0
    last = paybus("dlq", "replay", place, "--again", "--yes")
    assert last.code == 1
    assert "refused (too_often)" in last.printed
    counts = [(one.headers() or [("", b"")])[-1][1] for one in office.commands()[1:]]
    assert counts == [b"1", b"2", b"3"]


def test_a_letter_that_died_again_knows_it(paybus: Paybus, office: PostOffice) -> None:
    """Its new letter has the count in its header; the next replay has the original headers once, and 2."""
    first = office.sends(ORDER, headers=ODD)
    bury(office, first)
    assert paybus("dlq", "replay", office.letters()[0], "--yes").code == 0
    again = office.commands()[1]
    bury(office, office.sends(again.value(), headers=again.headers() or []))
    assert [row["replays"] for row in listed(paybus)] == [1, 1]
    ended = paybus("dlq", "replay", office.letters()[1], "--again", "--yes")
    assert ended.code == 0
    assert office.commands()[-1].headers() == [*ODD, ("paybus-replays", b"2")]


def test_a_record_buried_twice_is_sent_once(paybus: Paybus, office: PostOffice) -> None:
    """The list says which letters are the same record, and one replay is for all of them."""
    record = office.sends(ORDER)
    bury(office, record, record)
    first, second = office.letters()
    assert [row["same_record"] for row in listed(paybus)] == [[second], [first]]
    ended = paybus("dlq", "replay", first, second, "--yes")
    assert ended.code == 1
    assert f"{second} refused (twin)" in ended.printed
    assert len(office.commands()) == 2
    assert [row["replays"] for row in listed(paybus)] == [1, 1]
    assert "refused (before)" in paybus("dlq", "replay", second).printed


def test_a_letter_cannot_be_sent_to_another_topic(paybus: Paybus, office: PostOffice) -> None:
    """Whoever writes a letter by hand does not choose where the replay goes."""
    record = office.sends(REFUND, kind=Kind.REFUND)
    bury(office, record)
    (forged,) = office.read(office.topics.dead_letters(Kind.REFUND))
    headers = [
        (name, office.topics.commands(Kind.PAY).encode() if name.endswith("original-topic") else value)
        for name, value in forged.headers() or []
    ]
    office.puts(office.topics.dead_letters(Kind.REFUND), forged.value(), headers)
    place = office.letters(Kind.REFUND)[0]  # of partition 0
    ended = paybus("dlq", "replay", place, "--yes")
    assert ended.code == 1
    assert "refused (foreign)" in ended.printed


def test_a_place_without_a_letter_sends_nothing(paybus: Paybus, office: PostOffice) -> None:
    """One wrong place, and none of the others is sent either."""
    bury(office, office.sends(ORDER))
    (place,) = office.letters()
    ended = paybus("dlq", "replay", place, f"{place}9", "--yes")
    assert ended.code == 2
    assert "there is no letter" in ended.complained
    assert len(office.commands()) == 1


def test_a_broker_that_is_away_is_told_in_a_sentence(
    paybus: Paybus, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 2, and no lines of a library."""
    monkeypatch.setenv("PAYBUS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    ended = paybus("dlq", "list")
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_KAFKA_BOOTSTRAP: ")
    assert len(ended.complained.splitlines()) == 1
