"""Money is read and written exactly, or refused."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.trades.money import (
    MAX_FEN,
    AmountNotPositiveError,
    AmountTooLargeError,
    AmountTooPreciseError,
    Fen,
    MoneyError,
    UnreadableAmountError,
    fen_from_yuan,
    read_fen,
    yuan_text,
)

AMOUNTS = st.integers(min_value=1, max_value=MAX_FEN).map(Fen)


@given(AMOUNTS)
def test_written_yuan_reads_back(amount: Fen) -> None:
    """Whatever amount is written as yuan reads back as the same number of fen."""
    assert fen_from_yuan(yuan_text(amount)) == amount


@given(AMOUNTS)
def test_two_decimals_always(amount: Fen) -> None:
    """Yuan text has exactly two decimals and is worth the amount divided by 100."""
    text = yuan_text(amount)
    assert text[-3] == "."
    assert Decimal(text) * 100 == amount


@given(AMOUNTS)
def test_json_numbers_are_exact(amount: Fen) -> None:
    """An amount that a JSON reader turned into a float is still read exactly, in both units."""
    assert fen_from_yuan(float(yuan_text(amount))) == amount
    assert read_fen(float(amount)) == amount


@given(AMOUNTS)
def test_fen_values_read_as_int_and_text(amount: Fen) -> None:
    """A fen value is the same as integer, as text and with a zero fraction."""
    assert read_fen(int(amount)) == read_fen(str(amount)) == read_fen(f"{amount}.0") == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("158", 15800),
        ("158.0", 15800),
        ("158.00", 15800),
        ("158.", 15800),
        (".5", 50),
        ("¥158.00", 15800),
        ("￥ 0.01", 1),
        (" 33.33\n", 3333),
        ("0.010", 1),
        ("1.0E7", 10**9),
        ("1.2345678912E8", 12345678912),
        ("1e-2", 1),
        ("000158.00", 15800),
        (158, 15800),
        (0.1, 10),
    ],
)
def test_yuan_forms(text: object, amount: int) -> None:
    """Every form in which yuan is known to be written is read."""
    assert fen_from_yuan(text) == amount


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("0", AmountNotPositiveError),
        ("0.00", AmountNotPositiveError),
        ("-1.00", AmountNotPositiveError),
        ("1.005", AmountTooPreciseError),
        ("0.0100000000000000000000000000000000001", AmountTooPreciseError),
        ("99999999999.99000000000000000000000001", AmountTooPreciseError),
        ("1.0E-4", AmountTooPreciseError),
        ("1e999", AmountTooLargeError),
        (10**30, AmountTooLargeError),
        ("", UnreadableAmountError),
        ("¥", UnreadableAmountError),
        ("¥¥1", UnreadableAmountError),
        ("1,000.00", UnreadableAmountError),
        ("1_000", UnreadableAmountError),
        ("١٢", UnreadableAmountError),
        ("NaN", UnreadableAmountError),
        ("Infinity", UnreadableAmountError),
        ("0x10", UnreadableAmountError),
        ("1.0E", UnreadableAmountError),
        ("1" * 41, UnreadableAmountError),
        (float("nan"), UnreadableAmountError),
        (float("inf"), UnreadableAmountError),
        (True, UnreadableAmountError),
        (None, UnreadableAmountError),
        ([1], UnreadableAmountError),
    ],
)
def test_refused_yuan(value: object, error: type[MoneyError]) -> None:
    """What is not a positive amount of whole fen is refused with the reason as its type."""
    with pytest.raises(error):
        fen_from_yuan(value)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("¥158.00", UnreadableAmountError),
        ("158.01", AmountTooPreciseError),
        ("158.0000000000000000000000000000000001", AmountTooPreciseError),
        (15800.5, AmountTooPreciseError),
        (0, AmountNotPositiveError),
        (-1, AmountNotPositiveError),
        (MAX_FEN + 1, AmountTooLargeError),
        ("", UnreadableAmountError),
        (False, UnreadableAmountError),
    ],
)
def test_refused_fen(value: object, error: type[MoneyError]) -> None:
    """A fen value with a currency sign or a fraction is refused: it could be yuan."""
    with pytest.raises(error):
        read_fen(value)


def test_zero_only_where_allowed() -> None:
    """Zero is an amount only where the reader says so."""
    assert fen_from_yuan("0.00", zero_allowed=True) == 0
    assert read_fen(0, zero_allowed=True) == 0


def test_negative_amounts_are_never_written() -> None:
    """No negative amount can reach the wire."""
    with pytest.raises(AmountNotPositiveError):
        yuan_text(Fen(-1))


@given(st.text(max_size=50) | st.floats() | st.integers())
def test_reading_anything_gives_fen_or_a_money_error(value: object) -> None:
    """Reading never fails in any other way than by a MoneyError, and never gives nonsense."""
    for read in (fen_from_yuan, read_fen):
        try:
            amount = read(value)
        except MoneyError:
            continue
        assert isinstance(amount, int)
        assert 0 < amount <= MAX_FEN
