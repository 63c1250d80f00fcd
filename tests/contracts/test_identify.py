"""Whose money is it? A record that does not say is a dead letter, whatever else is in it."""

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.contracts.commands import CANCEL, KINDS_AND_COMMANDS, PAY, REFUND, SMALL, Json, verdict_on, written

from paybus.contracts.command import MAX_COMMAND_BYTES, Identity, identify
from paybus.contracts.errors import MAX_MESSAGE_CHARACTERS, ContractError, NotACommandError
from paybus.contracts.refusal import DEAD_LETTERS
from paybus.trades.operation import Kind

NOT_JSON = {
    "a word": b"pay me",
    "blanks": b"  ",
    "half a document": written(PAY)[:-1],
    "two documents": written(PAY) * 2,
    "a byte order mark": b"\xef\xbb\xbf" + written(PAY),
    "UTF-16": written(PAY).decode().encode("utf-16"),
    "a key that is not UTF-8": b'{"merchant_id":"\xff","charge_code":"A1"}',
    "half of a surrogate pair": b'{"merchant_id":"m","charge_code":"A1","subject":"\\ud800x"}',
    "NaN": b'{"merchant_id":"m","charge_code":"A1","amount_fen":NaN}',
    "too deep": b'{"merchant_id":"m","charge_code":"A1","x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
}
NO_IDENTITY: dict[str, tuple[object, str]] = {
    "an array": ([PAY], "the value"),
    "a null": (None, "the value"),
    "no merchant": ({"charge_code": "A1"}, "merchant_id is missing"),
    "no code": ({"merchant_id": "m"}, "charge_code is missing"),
    "a number for a code": ({**PAY, "charge_code": 1}, "charge_code"),
    "a null code": ({**PAY, "charge_code": None}, "charge_code"),
    "an empty code": ({**PAY, "charge_code": ""}, "charge_code"),
    "a code with a slash": ({**PAY, "charge_code": "A/1"}, "charge_code"),
    "a code with a line end": ({**PAY, "charge_code": "A1\n"}, "charge_code"),
    "a code of 65 characters": ({**PAY, "charge_code": "A" * 65}, "charge_code"),
    "a merchant of 33 characters": ({**PAY, "merchant_id": "1" * 33}, "merchant_id"),
    "a Chinese code": ({**PAY, "charge_code": "订单"}, "charge_code"),
}
NO_REFUND_NUMBER: dict[str, Json] = {
    "none": CANCEL,
    "null": {**REFUND, "out_refund_no": None},
    "empty": {**REFUND, "out_refund_no": ""},
    "a number": {**REFUND, "out_refund_no": 1},
    "with a blank": {**REFUND, "out_refund_no": "R 1"},
}


def refusal(value: bytes | None, kind: Kind = Kind.PAY) -> NotACommandError:
    """Give the error with which *value* is refused."""
    with pytest.raises(NotACommandError) as caught:
        identify(value, kind)
    return caught.value


@given(KINDS_AND_COMMANDS)
def test_identity_of_a_command_is_read(kind_and_command: tuple[Kind, Json]) -> None:
    """The identity is the merchant, the charge code and (a refund) its number; the key follows the kind."""
    kind, command = kind_and_command
    identity = identify(written(command), kind)
    number = command["out_refund_no"] if kind is Kind.REFUND else None
    assert identity == Identity(command["merchant_id"], command["charge_code"], number)
    assert identity.key(kind) == (number or command["charge_code"])


@pytest.mark.parametrize("value", [None, b""])
def test_no_value_is_a_dead_letter(value: bytes | None) -> None:
    """A tombstone or an empty record asks for nothing: `value_missing`."""
    error = refusal(value)
    assert error.reason == "value_missing"
    assert "send the command" in error.message


def test_a_value_above_the_limit_is_a_dead_letter() -> None:
    """A value of exactly the limit is read; one byte more is `value_too_large`, and both sizes are told."""
    value = written(PAY)
    padded = value + b" " * (MAX_COMMAND_BYTES - len(value))
    assert identify(padded, Kind.PAY).charge_code == "A1"
    error = refusal(padded + b" ")
    assert error.reason == "value_too_large"
    assert str(MAX_COMMAND_BYTES) in error.message
    assert str(MAX_COMMAND_BYTES + 1) in error.message


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_a_dead_letter(value: bytes) -> None:
    """Anything but one JSON value in UTF-8 is `not_json`, and the sentence says what to send."""
    error = refusal(value)
    assert error.reason == "not_json"
    assert "send one JSON object" in error.message


@pytest.mark.parametrize(("document", "where"), NO_IDENTITY.values(), ids=NO_IDENTITY)
@pytest.mark.parametrize("kind", Kind)
def test_no_identity_is_a_dead_letter(kind: Kind, document: object, where: str) -> None:
    """Without a usable merchant and code it is `identity_invalid`; the sentence begins with the field."""
    error = refusal(written(document), kind)
    assert error.reason == "identity_invalid"
    assert error.message.startswith(where)
    assert "send the command again" in error.message


@pytest.mark.parametrize("document", NO_REFUND_NUMBER.values(), ids=NO_REFUND_NUMBER)
def test_a_refund_without_number_is_a_dead_letter(document: Json) -> None:
    """A refund has a number of its own: without it a repeat could not be told from a second refund."""
    error = refusal(written(document), Kind.REFUND)
    assert error.reason == "identity_invalid"
    assert error.message.startswith("out_refund_no")


@pytest.mark.parametrize("kind", [Kind.PAY, Kind.CANCEL])
def test_a_refund_number_elsewhere_means_nothing(kind: Kind) -> None:
    """A pay or cancel with a field `out_refund_no`, of whatever type, is identified all the same."""
    identity = identify(written({**SMALL[kind], "out_refund_no": 7}), kind)
    assert identity == Identity("0010000001", "A1", None)


@given(st.binary(max_size=200), st.sampled_from(Kind))
def test_any_bytes_are_an_identity_or_a_dead_letter(value: bytes, kind: Kind) -> None:
    """Whatever is on the topic, reading it gives a command or a dead letter with a listed reason."""
    verdict = verdict_on(value, kind)
    if isinstance(verdict, ContractError):
        assert verdict.reason in DEAD_LETTERS
        assert 0 < len(verdict.message) <= MAX_MESSAGE_CHARACTERS
