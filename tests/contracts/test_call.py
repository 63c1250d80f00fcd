"""The record of a request to the gateway."""

from hypothesis import given
from hypothesis import strategies as st
import msgspec
import pytest

from paybus.contracts.call import GatewayCall, decode_call, encode_call

CALLS = st.builds(GatewayCall, at_ms=st.integers(0, 2**53), duration_us=st.integers(0, 2**40))


@given(CALLS)
def test_a_call_is_read_as_it_was_written(call: GatewayCall) -> None:
    """What the consumers write, the exporter reads."""
    assert decode_call(encode_call(call)) == call


def test_later_fields_are_passed_over() -> None:
    """A reader of today bears a record of tomorrow."""
    call = GatewayCall(
        operation="pay", kind="pay", merchant_id="m", charge_code="A1", key="A1",
        verdict="unknown", at_ms=1, duration_us=1,
    )  # fmt: skip
    assert decode_call(encode_call(call).replace(b"{", b'{"shard":1,', 1)) == call


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"\xff"])
def test_what_is_no_call_is_refused(value: bytes) -> None:
    """Bytes that are no such record raise the errors that are promised."""
    with pytest.raises((msgspec.ValidationError, msgspec.DecodeError)):
        decode_call(value)
