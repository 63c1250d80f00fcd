"""A command whose identity is known is carried out or answered: nothing else can happen to it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.contracts.commands import (
    CANCEL,
    GOODS_LINE,
    KINDS_AND_COMMANDS,
    PAY,
    REFUND,
    SMALL,
    Json,
    read,
    verdict_on,
    written,
)

from paybus.contracts.command import (
    COMMANDS,
    MAX_COMMAND_BYTES,
    CancelCommand,
    PayCommand,
    RefundCommand,
    amount_of,
    decode,
    encode,
    identify,
    method_of,
)
from paybus.contracts.errors import (
    MAX_MESSAGE_CHARACTERS,
    ContractError,
    InvalidCommandError,
    NotACommandError,
)
from paybus.contracts.refusal import DEAD_LETTERS, MALFORMED
from paybus.trades.money import MAX_FEN
from paybus.trades.operation import Kind, Method

AMOUNTS = ["0", "-1", "1.0", "1e3", "0.5", '"1"', "null", "true", "[1]", str(MAX_FEN + 1), "9" * 40, "1e999"]
MISSING: list[tuple[Kind, str]] = [
    (Kind.PAY, "method"),
    (Kind.PAY, "amount_fen"),
    (Kind.PAY, "subject"),
    (Kind.REFUND, "amount_fen"),
    (Kind.REFUND, "subject"),
]
NEEDED = [
    ("barcode", "auth_code"),
    ("native", "channel_type"),
    ("app", "channel_type"),
    ("jsapi", "channel_type"),
    ("jsapi", "sub_openid"),
]
WRONG: list[tuple[Kind, str, Any]] = [
    (Kind.PAY, "method", "cash"),
    (Kind.PAY, "method", None),
    (Kind.PAY, "subject", ""),
    (Kind.PAY, "subject", "x" * 257),
    (Kind.PAY, "subject", 7),
    (Kind.PAY, "auth_code", "12345"),
    (Kind.PAY, "auth_code", "12345a"),
    (Kind.PAY, "auth_code", "123456\n"),
    (Kind.PAY, "auth_code", "1" * 33),
    (Kind.PAY, "channel_type", 0),
    (Kind.PAY, "channel_type", 1000),
    (Kind.PAY, "channel_type", "1"),
    (Kind.PAY, "merchant_para", "x" * 2049),
    (Kind.PAY, "goods", None),
    (Kind.PAY, "goods", [GOODS_LINE] * 101),
    (Kind.PAY, "expires_at", "tomorrow"),
    (Kind.PAY, "expires_at", "2026-02-30T08:00:00Z"),
    (Kind.PAY, "expires_at", 1769846400),
    (Kind.PAY, "expires_at", "2026-01-31T08:00:00"),
    (Kind.REFUND, "expires_at", "0001-01-01T00:00:00+08:00"),
    (Kind.CANCEL, "expires_at", "9999-12-31T23:59:59-08:00"),
    (Kind.CANCEL, "method", "slowly"),
]
GOODS_FLAWS: list[tuple[Json, str, str]] = [
    ({"price_fen": -1}, "field_invalid", "goods[1].price_fen"),
    ({"price_fen": 79.5}, "field_invalid", "goods[1].price_fen"),
    ({"quantity": 0}, "field_invalid", "goods[1].quantity"),
    ({"name": ""}, "field_invalid", "goods[1].name"),
    ({"category": None}, "field_invalid", "goods[1].category"),
]


def refusal(document: Json | bytes, kind: Kind) -> InvalidCommandError:
    """Give the error with which a command of *kind* is refused once its identity was read."""
    value = document if isinstance(document, bytes) else written(document)
    identify(value, kind)
    with pytest.raises(InvalidCommandError) as caught:
        decode(value, kind)
    return caught.value


@given(KINDS_AND_COMMANDS)
def test_every_valid_command_is_read(kind_and_command: tuple[Kind, Json]) -> None:
    """What keeps the rules is read, says what was written, and survives being kept in the ledger."""
    kind, document = kind_and_command
    command = read(written(document), kind)
    assert isinstance(command, COMMANDS[kind])
    assert command.key == identify(written(document), kind).key(kind)
    assert amount_of(command) == document.get("amount_fen", 0)
    assert decode(encode(command), kind) == command


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("kind", [Kind.PAY, Kind.REFUND])
def test_an_amount_is_whole_fen_from_one(kind: Kind, amount: str) -> None:
    """Zero, less, fractions (also `.0`), texts and amounts above the limit are `amount_invalid`."""
    value = written({**SMALL[kind], "amount_fen": "AMOUNT"}).replace(b'"AMOUNT"', amount.encode())
    error = refusal(value, kind)
    assert error.reason == "amount_invalid"
    assert error.message.startswith("amount_fen: ")
    assert f"a whole number of fen from 1 to {MAX_FEN}" in error.message


@pytest.mark.parametrize("amount", [1, MAX_FEN])
def test_the_least_and_the_greatest_amount_are_allowed(amount: int) -> None:
    """The limits themselves belong to the range."""
    assert amount_of(read(written({**REFUND, "amount_fen": amount}), Kind.REFUND)) == amount


@pytest.mark.parametrize(("kind", "name"), MISSING)
def test_a_missing_field_is_named(kind: Kind, name: str) -> None:
    """A required field that is not there is `field_missing`, and the sentence begins with its name."""
    error = refusal({key: value for key, value in SMALL[kind].items() if key != name}, kind)
    assert error.reason == "field_missing"
    assert error.message == f"{name} is missing; add it and send the command again"


@pytest.mark.parametrize(("method", "name"), NEEDED)
@pytest.mark.parametrize("without", ["absent", "null"])
def test_what_a_method_needs_is_required(method: str, name: str, without: str) -> None:
    """A pay lacks what its method needs whether the field is absent or null; the sentence names both."""
    full = {**PAY, "method": method, "auth_code": "280000", "sub_openid": "o1", "channel_type": 2}
    assert method_of(read(written(full), Kind.PAY)) == method
    lacking = {**full, name: None} if without == "null" else {k: v for k, v in full.items() if k != name}
    error = refusal(lacking, Kind.PAY)
    assert error.reason == "field_missing"
    assert error.message.startswith(f"{name} is missing: a pay by {method} ")


@pytest.mark.parametrize(("kind", "name", "value"), WRONG)
def test_a_wrong_field_is_named(kind: Kind, name: str, value: object) -> None:
    """A value that a field must not have is `field_invalid`, and the sentence says where and what to do."""
    error = refusal({**SMALL[kind], name: value}, kind)
    assert error.reason == "field_invalid"
    assert error.message.startswith(f"{name}: ")
    assert error.message.endswith(("send the command again", "like 2026-01-31T08:00:00Z"))


@pytest.mark.parametrize(("flaw", "reason", "where"), GOODS_FLAWS)
def test_a_flaw_in_the_goods_is_placed(flaw: Json, reason: str, where: str) -> None:
    """A wrong line of the receipt is found by its index."""
    error = refusal({**PAY, "goods": [GOODS_LINE, {**GOODS_LINE, **flaw}]}, Kind.PAY)
    assert error.reason == reason
    assert error.message.startswith(f"{where}: ")


def test_a_missing_field_of_the_goods_is_placed() -> None:
    """What a line of the receipt lacks is `field_missing`, with the line's index."""
    error = refusal({**PAY, "goods": [{"goods_id": "1"}]}, Kind.PAY)
    assert error.reason == "field_missing"
    assert error.message.startswith("goods[0].name is missing")


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80"])
def test_a_text_that_is_not_utf8_is_answered(text: bytes) -> None:
    """Broken UTF-8 outside the identity is no dead letter and no crash: somebody waits for an answer."""
    error = refusal(written({**PAY, "subject": "TEXT"}).replace(b"TEXT", text), Kind.PAY)
    assert error.reason == "field_invalid"
    assert "not UTF-8" in error.message


def test_what_a_record_quotes_is_cut() -> None:
    """A message quotes the record, and neither its length nor its text decides what kind of flaw it is."""
    bait = "Object missing required field `x` - at `$.amount_fen`"
    error = refusal({**PAY, "method": bait + "z" * 60_000 + bait}, Kind.PAY)
    assert error.reason == "field_invalid"
    assert error.message.startswith("method: ")
    assert len(error.message) == MAX_MESSAGE_CHARACTERS - 1


@pytest.mark.parametrize("kind", Kind)
def test_unknown_fields_are_passed_over(kind: Kind) -> None:
    """A sender may be ahead of us: fields that we do not know change nothing."""
    more = {**SMALL[kind], "loyalty": {"points": [1, None]}}
    assert read(written(more), kind) == read(written(SMALL[kind]), kind)


def test_a_cancel_is_at_once_unless_it_says_so() -> None:
    """Without a method a cancel is `realtime`."""
    assert method_of(read(written(CANCEL), Kind.CANCEL)) is Method.REALTIME
    applied_for = read(written({**CANCEL, "method": "application"}), Kind.CANCEL)
    assert method_of(applied_for) is Method.APPLICATION


def test_a_refund_has_one_method() -> None:
    """A refund's method is the domain's own word, whatever its fields are."""
    assert method_of(read(written({**REFUND, "method": "barcode"}), Kind.REFUND)) is Method.REFUND


def test_a_moment_keeps_its_offset() -> None:
    """The moment of expiry is the one that was meant, written in whichever offset."""
    for text in ("2026-01-31T08:00:00Z", "2026-01-31T16:00:00+08:00", "2026-01-31 16:00:00+0800"):
        command = read(written({**REFUND, "expires_at": text}), Kind.REFUND)
        assert command.expires_at == datetime(2026, 1, 31, 8, tzinfo=UTC)


@given(st.datetimes(), st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_a_moment_that_is_read_exists_in_utc(moment: datetime, offset_minutes: int) -> None:
    """Every moment that is accepted can be kept by a database, which keeps it in UTC."""
    text = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes))).isoformat()
    verdict = verdict_on(written({**REFUND, "expires_at": text}), Kind.REFUND)
    if isinstance(verdict, ContractError):
        assert verdict.reason == "field_invalid"
        assert moment.year in {1, 9999}
    else:
        assert verdict.expires_at is not None
        assert verdict.expires_at.astimezone(UTC) == verdict.expires_at


@given(KINDS_AND_COMMANDS, st.data())
def test_spoiled_commands_raise_only_our_errors(
    kind_and_command: tuple[Kind, Json], data: st.DataObject
) -> None:
    """Bytes put anywhere into a command give a command, a dead letter or a refusal with a listed reason."""
    kind, document = kind_and_command
    value = written(document)
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 4)))
    spoiled = value[:start] + data.draw(st.binary(max_size=4)) + value[end:]
    assert len(spoiled) <= MAX_COMMAND_BYTES
    verdict = verdict_on(spoiled, kind)
    if isinstance(verdict, ContractError):
        assert verdict.reason in (DEAD_LETTERS if isinstance(verdict, NotACommandError) else MALFORMED)
        assert 0 < len(verdict.message) <= MAX_MESSAGE_CHARACTERS


def test_each_kind_has_its_command() -> None:
    """A topic's records are read as one kind of command, and a command knows its kind."""
    models = {Kind.PAY: PayCommand, Kind.REFUND: RefundCommand, Kind.CANCEL: CancelCommand}
    assert models == COMMANDS
    assert all(model.KIND is kind for kind, model in COMMANDS.items())
