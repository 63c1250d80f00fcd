"""Replies of every operation, and numbers: nothing but the room's errors, and nothing invented."""

from collections.abc import Callable
from contextlib import suppress
from encodings.aliases import aliases
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.material import ANYTHING, KEYS, NAMES, OBJECTS, SCALARS, SEEDS
from tests.fuzz.target import BATCH, Target

from paybus.gateway import (
    account,
    batch_query,
    cancel,
    channels,
    order,
    pay,
    query,
    refund,
    voucher,
    write_off,
)
from paybus.gateway.china_time import read_time
from paybus.gateway.cipher import encrypt
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import NoAnswerError
from paybus.gateway.members import Members
from paybus.gateway.reply import Answer, RawReply, read_answer
from paybus.trades.money import MAX_FEN, MoneyError, fen_from_yuan, read_fen, yuan_text

_VOUCHERS = Endpoint(name="write_off", path="get", root="")
READERS: tuple[tuple[Endpoint, Callable[[Answer], Any]], ...] = (
    (pay.PAY, pay.read),
    (order.ORDER, order.read),
    (query.QUERY, query.read),
    (refund.REFUND, refund.read),
    (cancel.CANCEL, cancel.read),
    (batch_query.BATCH_QUERY, batch_query.read),
    (channels.CHANNELS, channels.read),
    (account.AUTH, account.read_auth),
    (account.LOGIN, account.read_login),
    (_VOUCHERS, voucher.read_issue),
    (_VOUCHERS, voucher.read_voucher),
    (_VOUCHERS, voucher.read_list),
    (_VOUCHERS, write_off.read),
)
CHARSETS = sorted({*aliases, *aliases.values(), "utf-8", "idna", "undefined", '"gbk', "", "x"})
STATUSES = (200, 200, 200, 201, 302, 400, 403, 500, 502, 599)


def replies_hold(data: tuple[bytes, int]) -> None:
    """Hold that any bytes are an answer or an error that says whether money may have moved."""
    body, seed = data
    chance = Random(seed)
    endpoint, read = chance.choice(READERS)
    status, key = chance.choice(STATUSES), chance.choice((None, *KEYS))
    if key is not None and chance.random() < 0.5:
        body = encrypt(body, key=key).encode()
    raw = RawReply(status, body, f"application/json;charset={chance.choice(CHARSETS)}")
    try:
        answer = read_answer(raw, endpoint, encrypted_with=key)
    except NoAnswerError as error:
        in_doubt = error.may_have_moved_money
    else:
        in_doubt = endpoint.moves_money
        _check(read(answer), status)
    assert in_doubt is endpoint.moves_money


def _check(reply: Any, status: int) -> None:
    assert reply.http_status == status
    assert 200 <= status < 300 or (status >= 400 and getattr(reply, "code", "x") != "")


def members_hold(document: dict[str, Any]) -> None:
    """Hold that every way to read a member gives a value within its bounds or None."""
    members = Members(document)
    for wanted in {"MISSING", *(name.upper() for name in document), *NAMES[:3]}:
        text, integer, fen, yuan = (read(wanted) for read in _ways(members))
        assert text is None or isinstance(text, str)
        assert integer is None or -(10**9) < integer < 10**9
        assert fen is None or 0 <= fen <= MAX_FEN
        assert yuan is None or 0 <= yuan <= MAX_FEN
        assert all(isinstance(record, dict) for record in members.records(wanted, "TRADEFUNDBILL"))
        assert isinstance(members.truth(wanted), bool)
    members.fund_bills()
    code, _ = members.result()
    assert code == code.strip().upper()


def _ways(members: Members) -> tuple[Callable[[str], Any], ...]:
    return members.text, members.integer, members.fen, members.yuan


def numbers_hold(value: object) -> None:
    """Hold that an amount is whole fen up to the limit or refused, and a time is a time or None."""
    for read in (read_fen, fen_from_yuan):
        with suppress(MoneyError):
            fen = read(value, zero_allowed=True)  # type: ignore[operator]
            assert 0 <= fen <= MAX_FEN
            assert fen_from_yuan(yuan_text(fen), zero_allowed=True) == fen
            exactly = Fraction(str(value).strip(" \t\r\n¥￥")) * (100 if read is fen_from_yuan else 1)
            assert exactly == fen, "nothing is rounded"
    if isinstance(value, str):
        read_time(value)


def with_seeds(bodies: list[bytes], seed: int) -> list[tuple[bytes, int]]:
    """Give each body a seed, of which everything around it is made."""
    chance = Random(seed)
    return [(body, chance.randrange(2**32)) for body in bodies]


DIGITS = st.text(alphabet="0123456789.eE+-¥￥ :T", max_size=20) | st.from_regex(
    r"[¥￥]? ?[0-9]{1,12}(\.[0-9]{0,2}0{0,25}[0-9]?)?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
TARGETS = (
    Target("replies", st.builds(with_seeds, ANYTHING, SEEDS), replies_hold),
    Target("members", OBJECTS, members_hold),
    Target(
        "numbers",
        st.lists(SCALARS | DIGITS | st.lists(SCALARS), min_size=BATCH, max_size=BATCH),
        numbers_hold,
    ),
)
