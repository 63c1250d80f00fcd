"""Same meaning, same fingerprint: it decides whether a repeated key is a duplicate or a conflict."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields
import pytest
from tests.contracts.commands import GOODS_LINE, KINDS_AND_COMMANDS, SMALL, Json, read, written

from paybus.contracts.command import COMMANDS, decode, encode, fingerprint
from paybus.trades.operation import Kind

OTHER: dict[Kind, dict[str, Any]] = {
    Kind.PAY: {
        "merchant_id": "0010000002",
        "charge_code": "A2",
        "method": "app",
        "amount_fen": 15801,
        "subject": "Coffee",
        "auth_code": "280000",
        "channel_type": 2,
        "sub_openid": "o1",
        "sub_appid": "a1",
        "oper_id": "p1",
        "dev_id": "d1",
        "merchant_para": "",
        "register_id": "s1",
        "goods": [GOODS_LINE],
    },
    Kind.REFUND: {
        "merchant_id": "0010000002",
        "charge_code": "A2",
        "out_refund_no": "R2",
        "amount_fen": 5001,
        "subject": "Returned",
        "oper_id": "p1",
        "dev_id": "d1",
    },
    Kind.CANCEL: {"merchant_id": "0010000002", "charge_code": "A2", "method": "application"},
}
OTHER_GOODS = {
    "goods_id": "1",
    "name": "n",
    "category": "c",
    "price_fen": 1,
    "subject": "s",
    "quantity": 1,
    "show_url": "u",
}
GOLDEN = {
    Kind.PAY: "befc9dbec3714903ac673cf975ea07b8",
    Kind.REFUND: "b85cb0b3aed7023ad82e2809f92ac7d2",
    Kind.CANCEL: "84f9e680f209427f08088c860310fd0f",
}


def fingerprint_of(document: Json, kind: Kind) -> bytes:
    """Read *document* and give its fingerprint."""
    return fingerprint(read(written(document), kind))


@given(KINDS_AND_COMMANDS, st.data())
def test_the_same_meaning_has_the_same_fingerprint(
    kind_and_command: tuple[Kind, Json], data: st.DataObject
) -> None:
    """Order, blanks, escapes, nulls, fields unknown to us and the ledger's own writing change nothing."""
    kind, document = kind_and_command
    expected = fingerprint_of(document, kind)
    members = data.draw(st.permutations(sorted(document.items())))
    nulls = {name: None for name in ("oper_id", "unknown_to_us") if name not in document}
    rewritten = json.dumps(dict(members) | nulls, ensure_ascii=True, indent=data.draw(st.integers(0, 3)))
    assert fingerprint_of(json.loads(rewritten), kind) == expected
    assert fingerprint(read(rewritten.encode(), kind)) == expected
    assert fingerprint(decode(encode(read(written(document), kind)), kind)) == expected


@pytest.mark.parametrize("kind", Kind)
def test_every_field_is_part_of_the_meaning(kind: Kind) -> None:
    """Any field but the expiry changed gives another fingerprint; a new field must be tried here."""
    assert OTHER[kind].keys() == {field.name for field in fields(COMMANDS[kind])} - {"expires_at"}
    changed = [fingerprint_of({**SMALL[kind], name: value}, kind) for name, value in OTHER[kind].items()]
    assert len({fingerprint_of(SMALL[kind], kind), *changed}) == len(changed) + 1


def test_every_field_of_the_goods_is_part_of_the_meaning() -> None:
    """Any field of a line of the receipt changed gives another fingerprint; so does a second line."""
    pay = SMALL[Kind.PAY]
    receipts = [[GOODS_LINE], [GOODS_LINE] * 2] + [
        [{**GOODS_LINE, name: value}] for name, value in OTHER_GOODS.items()
    ]
    assert len({fingerprint_of({**pay, "goods": goods}, Kind.PAY) for goods in receipts}) == len(receipts)


@pytest.mark.parametrize("kind", Kind)
def test_expiry_is_not_part_of_the_meaning(kind: Kind) -> None:
    """A command sent again with a later expiry is the same command."""
    prints = {
        fingerprint_of({**SMALL[kind], "expires_at": moment}, kind)
        for moment in (None, "2026-01-31T08:00:00Z", "2027-01-31T08:00:00+08:00")
    }
    assert prints == {fingerprint_of(SMALL[kind], kind)}


def test_defaults_may_be_written_out() -> None:
    """`realtime` and no goods mean the same written out or left out."""
    cancel, pay = SMALL[Kind.CANCEL], SMALL[Kind.PAY]
    assert fingerprint_of({**cancel, "method": "realtime"}, Kind.CANCEL) == fingerprint_of(
        cancel, Kind.CANCEL
    )
    assert fingerprint_of({**pay, "goods": []}, Kind.PAY) == fingerprint_of(pay, Kind.PAY)


def test_kinds_have_fingerprints_of_their_own() -> None:
    """The same document as a refund and as a cancel does not mean the same."""
    both = SMALL[Kind.REFUND]
    cancelled = {name: both[name] for name in ("merchant_id", "charge_code")}
    assert fingerprint_of(both, Kind.REFUND) != fingerprint_of(both, Kind.CANCEL)
    assert fingerprint_of(both, Kind.CANCEL) == fingerprint_of(cancelled, Kind.CANCEL)


@pytest.mark.parametrize("kind", Kind)
def test_fingerprints_stay_for_ever(kind: Kind) -> None:
    """Ledgers keep fingerprints: if one changed, every command repeated after the update were a conflict."""
    assert fingerprint_of(SMALL[kind], kind).hex() == GOLDEN[kind]
