"""Java's double texts and hash tables are reproduced for any input, not only for recorded ones."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.gateway.java import copied_capacity, double_text, hash_order, java_hash

NAMES = st.text(max_size=8) | st.sampled_from(["AaAa", "BBBB", "AaBB", "BBAa", "C#", "Bb", "AMT", "STATE"])


class HashMap:
    """Java 8's HashMap without its trees: buckets of chains, doubled when more than three quarters full."""

    def __init__(self, capacity: int = 16) -> None:
        self.buckets: list[list[str]] = [[] for _ in range(capacity)]
        self.size = 0

    def put(self, name: str) -> None:
        """Add a name; one that is there stays where it is."""
        bucket = self.buckets[java_hash(name) & (len(self.buckets) - 1)]
        if name in bucket:
            return
        bucket.append(name)
        self.size += 1
        if self.size > len(self.buckets) * 0.75:
            self.resize()

    def resize(self) -> None:
        """Double the buckets; chains keep their order."""
        doubled = HashMap(len(self.buckets) * 2)
        for name in self.names():
            doubled.buckets[java_hash(name) & (len(doubled.buckets) - 1)].append(name)
        self.buckets = doubled.buckets

    def names(self) -> list[str]:
        """List the names, bucket by bucket."""
        return [name for bucket in self.buckets for name in bucket]


@given(st.lists(NAMES, max_size=120), st.sampled_from([1, 2, 16, 64]))
def test_names_come_in_the_order_of_a_table_that_really_grows(names: list[str], capacity: int) -> None:
    """Collisions, repeats and any number of doublings included."""
    table = HashMap(capacity)
    for name in names:
        table.put(name)
    assert hash_order(names, capacity=capacity) == table.names()


@pytest.mark.parametrize(
    ("text", "hashed"), [("", 0), ("a", 97), ("Aa", 2112), ("BB", 2112), ("\U0001f600", 55357 * 31 + 56832)]
)
def test_hashes(text: str, hashed: int) -> None:
    """The polynomial goes over UTF-16 units, so a character beyond the first plane counts as two."""
    assert java_hash(text) == hashed ^ hashed >> 16


@pytest.mark.parametrize(
    ("count", "capacity"), [(0, 16), (1, 2), (2, 4), (3, 8), (5, 8), (6, 16), (11, 16), (12, 32), (24, 64)]
)
def test_a_copy_is_made_in_one_size(count: int, capacity: int) -> None:
    """A table made from another starts at the power of two at or above count / 0.75 + 1, truncated."""
    assert copied_capacity(count) == capacity


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0.0"),
        ("-0", "-0.0"),
        ("-158", "-158.0"),
        ("0.001", "0.001"),
        ("0.00099", "9.9E-4"),
        ("9999999.99", "9999999.99"),
        ("9999999.999999999999", "1.0E7"),
        ("123456789.12", "1.2345678912E8"),
        ("12345678901234567890", "1.2345678901234567E19"),
        ("1e21", "1.0E21"),
        ("-0.00001", "-1.0E-5"),
        ("0.1234567890123456789", "0.12345678901234568"),
    ],
)
def test_doubles(number: str, text: str) -> None:
    """Signs, both edges of the exponent form, and more digits than a double has."""
    assert double_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_from_its_text(number: float) -> None:
    """Whatever the form, the text names the same double."""
    assert float(double_text(repr(number))) == number
