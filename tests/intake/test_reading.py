"""What a record becomes: a command for the ledger, a rejection that answers it, or a dead letter."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.contracts.commands import KINDS_AND_COMMANDS, Json
from tests.intake.records import CANCEL, MERCHANT, ORDER, PAY, REFUND, Consumed, reader, record, written

from paybus.contracts.errors import NotACommandError
from paybus.contracts.event import Announcement
from paybus.contracts.refusal import DEAD_LETTERS, MALFORMED
from paybus.intake.reading import Reader
from paybus.ledger.accepted import Acceptance
from paybus.trades.operation import Kind, Method, OperationState

SENT_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOW_DEAD: list[tuple[str, Kind, bytes | None]] = [
    ("value_missing", Kind.PAY, None),
    ("value_missing", Kind.PAY, b""),
    ("value_too_large", Kind.PAY, written({**PAY, "subject": "x" * 70_000})),
    ("not_json", Kind.PAY, b"pay 158 yuan, please"),
    ("not_json", Kind.PAY, b'{"merchant_id": "\xff"}'),
    ("not_json", Kind.PAY, written(PAY)[:-1]),
    ("identity_invalid", Kind.PAY, b"[]"),
    ("identity_invalid", Kind.PAY, written({**PAY, "merchant_id": None})),
    ("identity_invalid", Kind.PAY, written({**PAY, "charge_code": "A/1"})),
    ("identity_invalid", Kind.PAY, written({**PAY, "charge_code": ""})),
    ("identity_invalid", Kind.CANCEL, written({"merchant_id": MERCHANT})),
    ("identity_invalid", Kind.REFUND, written({**REFUND, "out_refund_no": None})),
]
HOW_REFUSED: list[tuple[str, Kind, Json]] = [
    ("merchant_unknown", Kind.PAY, {**PAY, "merchant_id": "0010000009"}),
    ("amount_invalid", Kind.PAY, {**PAY, "amount_fen": 0}),
    ("amount_invalid", Kind.PAY, {**PAY, "amount_fen": -1}),
    ("amount_invalid", Kind.PAY, {**PAY, "amount_fen": 158.5}),
    ("amount_invalid", Kind.REFUND, {**REFUND, "amount_fen": "5000"}),
    ("field_missing", Kind.PAY, {name: PAY[name] for name in PAY if name != "auth_code"}),
    ("field_missing", Kind.PAY, {name: PAY[name] for name in PAY if name != "subject"}),
    ("field_invalid", Kind.PAY, {**PAY, "method": "cash"}),
    ("field_invalid", Kind.CANCEL, {**CANCEL, "expires_at": "tomorrow"}),
]


def accepted(consumed: Consumed, kind: Kind = Kind.PAY) -> Acceptance:
    """Read what must be a command."""
    read = reader(kind).read(consumed)
    assert isinstance(read, Acceptance)
    return read


def refused(consumed: Consumed, kind: Kind) -> tuple[Announcement, dict[str, Any]]:
    """Read what must be refused; give the announcement and its content."""
    read = reader(kind).read(consumed)
    assert isinstance(read, Announcement)
    return read, json.loads(read.value)


@pytest.mark.parametrize(("reason", "kind", "value"), HOW_DEAD)
def test_whose_money_nobody_can_say_is_a_dead_letter(reason: str, kind: Kind, value: bytes | None) -> None:
    """A record without a merchant and a number of ours cannot be answered, so it is kept, with the reason."""
    with pytest.raises(NotACommandError) as dead:
        reader(kind).read(Consumed(value))
    assert (dead.value.reason, bool(dead.value.message)) == (reason, True)


@pytest.mark.parametrize(("reason", "kind", "document"), HOW_REFUSED)
def test_who_can_be_answered_is_answered(reason: str, kind: Kind, document: Json) -> None:
    """Where the operation is named, what is wrong goes back as `command.rejected` under its names."""
    announcement, event = refused(record(document), kind)
    assert (announcement.ce_type, announcement.charge_code) == ("command.rejected", "A1")
    assert (event["reason"], event["kind"]) == (reason, kind.value)
    assert event["merchant_id"] == document["merchant_id"]
    assert event.get("out_refund_no") == document.get("out_refund_no")
    assert event["message"]


def test_every_reason_there_is_was_tried() -> None:
    """A new reason for a dead letter or a rejection needs an example here."""
    assert {reason for reason, _, _ in HOW_DEAD} == set(DEAD_LETTERS)
    assert {reason for reason, _, _ in HOW_REFUSED} == {*MALFORMED, "merchant_unknown"}


def test_the_same_bad_record_is_the_same_rejection() -> None:
    """Redelivered, a refused record is answered under the same id; another one under another."""
    bad, other = {**PAY, "amount_fen": 0}, {**PAY, "amount_fen": -1}
    first, _ = refused(record(bad), Kind.PAY)
    again, _ = refused(record(bad, offset=99), Kind.PAY)
    different, _ = refused(record(other), Kind.PAY)
    assert first == again
    assert different.ce_id != first.ce_id


def test_the_merchant_is_looked_at_before_the_rest() -> None:
    """Of a merchant we do not act for nothing else is said."""
    _, event = refused(record({**PAY, "merchant_id": "0010000009", "amount_fen": 0}), Kind.PAY)
    assert (event["reason"], "0010000009" in event["message"]) == ("merchant_unknown", True)


@pytest.mark.parametrize(
    ("kind", "document", "key", "method", "amount_fen", "state"),
    [
        (Kind.PAY, PAY, "A1", Method.BARCODE, 15800, OperationState.READY),
        (Kind.PAY, ORDER, "A1", Method.NATIVE, 15800, OperationState.READY),
        (Kind.REFUND, REFUND, "R1", Method.REFUND, 5000, OperationState.WAITING),
        (Kind.CANCEL, CANCEL, "A1", Method.REALTIME, 0, OperationState.WAITING),
        (
            Kind.CANCEL,
            {**CANCEL, "method": "application"},
            "A1",
            Method.APPLICATION,
            0,
            OperationState.WAITING,
        ),
    ],
)
def test_a_command_enters_with_what_it_needs(
    kind: Kind, document: Json, key: str, method: Method, amount_fen: int, state: OperationState
) -> None:
    """A pay needs nobody's leave and is ready; a refund or cancel waits for its guard."""
    operation = accepted(record(document), kind).operation
    assert (operation.merchant_id, operation.charge_code, operation.key) == (MERCHANT, "A1", key)
    assert (operation.method, operation.amount_fen, operation.state) == (method, amount_fen, state)


def test_the_same_meaning_has_the_same_fingerprint() -> None:
    """Blanks, order and unknown members do not make another command; another amount does."""
    plain = accepted(record(PAY))
    other_order = accepted(record({"unknown": 1, **dict(reversed(PAY.items()))}, key=None, offset=8))
    assert other_order.fingerprint == plain.fingerprint
    assert accepted(record({**PAY, "amount_fen": 15801})).fingerprint != plain.fingerprint


def test_a_barcode_pay_expires_and_an_order_does_not() -> None:
    """The customer stands at the till: the code on his screen is good for a minute. An order can wait."""
    assert accepted(record(PAY)).expires_at == SENT_AT + timedelta(seconds=80)
    assert accepted(record(ORDER)).expires_at is None
    assert accepted(record(REFUND), Kind.REFUND).expires_at is None


def test_the_sender_may_say_until_when() -> None:
    """`expires_at` in the command goes before the default."""
    until = "2026-01-02T03:04:06Z"
    assert accepted(record({**PAY, "expires_at": until})).expires_at == SENT_AT + timedelta(seconds=1)


def test_the_age_counts_from_the_senders_time() -> None:
    """`ce_time` says when it was asked for; without it, or if nobody can read it, the record's time does."""
    asked = accepted(record(PAY, headers=[("ce_time", b"2026-01-02T03:04:00+00:00")])).asked_for_at
    assert asked == SENT_AT - timedelta(seconds=5)
    for headers in ([], [("ce_time", None)], [("ce_time", b"\xff")], [("ce_time", b"1867-01-02T03:04:05Z")]):
        assert accepted(record(PAY, headers=headers)).asked_for_at == SENT_AT


@pytest.mark.parametrize("timestamp", [-1, 0, 10**17, -(2**63), 2**63 - 1])
def test_a_timestamp_that_is_none_does_not_hold_up_the_partition(timestamp: int) -> None:
    """Producers set a record's time themselves: where it is no moment of our days, now is as good."""
    before = datetime.now(UTC)
    assert before <= accepted(record(PAY, timestamp=timestamp)).asked_for_at <= datetime.now(UTC)


def test_headers_that_cannot_be_read_cost_nothing() -> None:
    """A null or non-UTF-8 header, even one that we look for, leaves the command as good as it is."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = [("x", None), ("y", b"\xff\xfe"), ("ce_time", b"\xff"), ("traceparent", trace.encode())]
    assert accepted(record(PAY, headers=headers)).traceparent == trace
    assert accepted(record(PAY, headers=[("traceparent", b"\xff")])).traceparent is None


@given(KINDS_AND_COMMANDS)
def test_what_is_kept_can_be_carried_out(kind_and_command: tuple[Kind, Json]) -> None:
    """Whatever valid command comes, its stored form is read as the same command again."""
    kind, document = kind_and_command
    able = Reader(kind=kind, merchants={document["merchant_id"]}, expiry=timedelta(seconds=80))
    first = able.read(record(document))
    assert isinstance(first, Acceptance)
    again = able.read(Consumed(first.command))
    assert isinstance(again, Acceptance)
    assert (again.command, again.fingerprint, again.operation) == (
        first.command,
        first.fingerprint,
        first.operation,
    )


HEADERS = st.lists(
    st.tuples(st.sampled_from(["ce_time", "traceparent", "x"]), st.none() | st.binary(max_size=40))
)


@given(
    kind=st.sampled_from(Kind),
    value=st.none()
    | st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["merchant_id", "charge_code", "amount_fen", "x"]), inner)
        ),
        max_leaves=8,
    ).map(written),
    headers=HEADERS,
    timestamp=st.integers(-(2**63), 2**63 - 1),
)
def test_nothing_in_a_record_can_stop_the_intake(
    kind: Kind, value: bytes | None, headers: list[tuple[str, bytes | None]], timestamp: int
) -> None:
    """Reading is total: a record is a command, an answer or a dead letter, whatever is in it."""
    with suppress(NotACommandError):
        read = reader(kind).read(Consumed(value, headers=headers, timestamp=timestamp))
        assert isinstance(read, Acceptance | Announcement)
