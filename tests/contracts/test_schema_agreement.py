"""The schemas of commands and the reader of commands agree on what a command is.

Two things a schema cannot say, or says more strictly: `15800.0` is an integer to JSON Schema and no amount
to us; and a moment must be written as RFC 3339 demands, while the reader also takes a blank for the T.
"""

from datetime import datetime, timedelta, timezone
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest
from tests.contracts.commands import (
    GOODS_LINE,
    KINDS_AND_COMMANDS,
    PAY,
    REFUND,
    SMALL,
    Json,
    verdict_on,
    written,
)
from tests.contracts.test_decode import GOODS_FLAWS, MISSING, NEEDED, WRONG
from tests.contracts.test_identify import NO_IDENTITY, NO_REFUND_NUMBER
from tests.contracts.validator import validator_of

from paybus.contracts.command import COMMANDS
from paybus.contracts.errors import ContractError
from paybus.contracts.message import command_message
from paybus.contracts.schema import document_of
from paybus.trades.money import MAX_FEN
from paybus.trades.operation import Kind

VALIDATORS = {kind: validator_of(document_of(command_message(kind))) for kind in Kind}
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
EDGES = st.sampled_from([0, -1, 1, MAX_FEN, MAX_FEN + 1, 999, 1000, "", "A1", "A1\n", "123456", "x" * 257])
SCALARS = st.none() | st.booleans() | st.integers() | FRACTIONS | EDGES | st.text("aZ0_/ \n", max_size=70)
VALUES = (
    SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text("ab", max_size=2), SCALARS, max_size=2)
)


def accepts(kind: Kind, document: object) -> tuple[bool, bool]:
    """Say whether the schema and whether the reader take *document* as a command of *kind*."""
    taken = not isinstance(verdict_on(written(document), kind), ContractError)
    return VALIDATORS[kind].is_valid(document), taken


@given(KINDS_AND_COMMANDS)
def test_both_take_every_valid_command(kind_and_command: tuple[Kind, Json]) -> None:
    """What keeps the rules is a command to both."""
    assert accepts(*kind_and_command) == (True, True)


@given(KINDS_AND_COMMANDS, st.data())
def test_both_judge_a_changed_field_alike(kind_and_command: tuple[Kind, Json], data: st.DataObject) -> None:
    """Whatever is put into a field, and whichever field is left out, both say the same."""
    kind, document = kind_and_command
    names = st.sampled_from(sorted({*COMMANDS[kind].__struct_fields__, "unknown_to_us"}))
    changed = {**document, data.draw(names): data.draw(VALUES)}
    changed.pop(data.draw(names | st.just("nothing")), None)
    schema, reader = accepts(kind, changed)
    assert schema is reader


@given(st.data(), st.sampled_from([*GOODS_LINE, "show_url"]))
def test_both_judge_a_line_of_goods_alike(data: st.DataObject, name: str) -> None:
    """The same holds for the receipt."""
    schema, reader = accepts(Kind.PAY, {**PAY, "goods": [{**GOODS_LINE, name: data.draw(VALUES)}]})
    assert schema is reader


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("document", [case[0] for case in NO_IDENTITY.values()], ids=NO_IDENTITY)
def test_both_refuse_what_has_no_identity(kind: Kind, document: object) -> None:
    """What would be a dead letter is no command to its schema either."""
    assert accepts(kind, document) == (False, False)


@pytest.mark.parametrize("document", NO_REFUND_NUMBER.values(), ids=NO_REFUND_NUMBER)
def test_both_refuse_a_refund_without_number(document: Json) -> None:
    """A refund needs its number in the schema too."""
    assert accepts(Kind.REFUND, document) == (False, False)


@pytest.mark.parametrize(("kind", "name"), MISSING)
def test_both_refuse_a_missing_field(kind: Kind, name: str) -> None:
    """Required is required."""
    lacking = {key: value for key, value in SMALL[kind].items() if key != name}
    assert accepts(kind, lacking) == (False, False)


@pytest.mark.parametrize(("method", "name"), NEEDED)
def test_both_refuse_what_lacks_what_its_method_needs(method: str, name: str) -> None:
    """What a method needs is in the schema, for a field that is absent and for one that is null."""
    full = {**PAY, "method": method, "auth_code": "280000", "sub_openid": "o1", "channel_type": 2}
    assert accepts(Kind.PAY, full) == (True, True)
    assert accepts(Kind.PAY, {**full, name: None}) == (False, False)
    assert accepts(Kind.PAY, {key: full[key] for key in full if key != name}) == (False, False)


@pytest.mark.parametrize(("kind", "name", "value"), [case for case in WRONG if case[1] != "expires_at"])
def test_both_refuse_a_wrong_field(kind: Kind, name: str, value: object) -> None:
    """What a field must not have, the schema does not allow."""
    assert accepts(kind, {**SMALL[kind], name: value}) == (False, False)


@pytest.mark.parametrize("flaw", [flaw for flaw, _, _ in GOODS_FLAWS])
def test_both_refuse_a_flaw_in_the_goods(flaw: Json) -> None:
    """What a line of the receipt must not have, the schema does not allow."""
    assert accepts(Kind.PAY, {**PAY, "goods": [{**GOODS_LINE, **flaw}]}) == (False, False)


@given(
    st.datetimes().filter(lambda moment: 1 < moment.year < 9999),
    st.integers(-1439, 1439),
    st.sampled_from("Tt"),
)
def test_a_moment_that_the_schema_takes_is_read(moment: datetime, offset_minutes: int, letter: str) -> None:
    """A moment written as RFC 3339 demands is taken by both."""
    text = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes))).isoformat(letter)
    assert accepts(Kind.REFUND, {**REFUND, "expires_at": text}) == (True, True)


@pytest.mark.parametrize("text", ["2026-01-31T08:00:00", "2026-01-31", "08:00:00Z", "", "soon", 5])
def test_both_refuse_what_is_no_moment(text: object) -> None:
    """No offset, half of a moment, a word and a number are refused by both."""
    assert accepts(Kind.REFUND, {**REFUND, "expires_at": text}) == (False, False)


@pytest.mark.parametrize(
    ("field", "value"), [("amount_fen", "15800.0"), ("expires_at", '"2026-01-31 08:00:00Z"')]
)
def test_where_they_differ(field: str, value: Any) -> None:
    """The two differences that this file's head tells of, so that it is noticed when one of them goes."""
    schema, reader = accepts(Kind.REFUND, {**REFUND, field: json.loads(value)})
    assert (schema, reader) == ((True, False) if field == "amount_fen" else (False, True))
