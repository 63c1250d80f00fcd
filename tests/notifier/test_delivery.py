"""What is kept of a callback: its meaning tells repeats, its text is kept as it came."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.notifier.house import OURS, QUERIES, told

from paybus.gateway.callback import Callback, read_callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.notifier.delivery import delivery_of
from paybus.trades.money import Fen


def read(code: str = "C1", **changed: Any) -> Callback:
    """Read a callback as it would arrive."""
    sent = told(code, **changed)
    return read_callback(raw=sent.body, query=urlsplit(sent.url).query, merchant=OURS)


def test_the_facts_are_the_callbacks() -> None:
    """Nothing that the ledger decides by is lost or changed on the way."""
    delivery = delivery_of(read(state=3))
    assert delivery.place == (OURS.merchant_id, "C1")
    facts = delivery.facts
    assert (facts.gateway_state, facts.amount_fen, facts.channel_type) == (3, 15800, 2)
    assert (facts.down_code, facts.third_code) == ("D1", "T1")


@pytest.mark.parametrize("query", QUERIES)
def test_the_text_is_kept_decrypted(query: str) -> None:
    """What was signed is kept, so that it can be looked at and verified later."""
    plain = told(query=query.replace("encrypt=3DES", ""))
    assert delivery_of(read(query=query)).body == plain.body


def test_the_same_meaning_is_the_same_digest() -> None:
    """Neither the sign's time, the format, the cipher, a blank nor what is beside the payment matters."""
    digests = {delivery_of(read(query=query, at_ms=number)).digest for number, query in enumerate(QUERIES)}
    digests |= {delivery_of(read(code)).digest for code in ("C 1", " C1", "C1\n")}
    digests.add(delivery_of(read(pay_subject="Other", charge_third_code="T2", channel_type=None)).digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"charge_code": "C2"},
        {"down_code": "D2"},
        {"down_code": None},
        {"state": 2},
        {"amount_fen": Fen(15801)},
        {"merchant_id": "0010000002"},
    ],
)
def test_another_meaning_is_another_digest(changed: dict[str, Any]) -> None:
    """Whom it is about and what it says of the payment: each of these makes another callback."""
    callback = read()
    assert delivery_of(replace(callback, **changed)).digest != delivery_of(callback).digest


def test_neighbours_do_not_run_together() -> None:
    """No letter can move from one member into the next without changing the digest."""
    callback = read()
    moved = replace(callback, charge_code="C1D", down_code="1")
    assert (
        delivery_of(replace(callback, charge_code="C1", down_code="D1")).digest != delivery_of(moved).digest
    )


@pytest.mark.parametrize("code", ["\0", "C\x7f1", "C" * 129, " ", "C\u20281"])
def test_no_code_that_cannot_be_one(code: str) -> None:
    """What a database cannot hold, or nobody could have asked for, is refused rather than stored as it is."""
    with pytest.raises(CallbackRefusedError, match="member_unreadable"):
        delivery_of(replace(read(), charge_code=code))


def test_what_is_only_beside_it_does_not_stop_it() -> None:
    """A number of the gateway's or the wallet's that cannot be one is left out; the payment counts."""
    callback = replace(read(), down_code="\0", third_code="T" * 129, channel_type=2**31)
    facts = delivery_of(callback).facts
    assert (facts.down_code, facts.third_code, facts.channel_type) == (None, None, None)
    assert facts.gateway_state == 1
