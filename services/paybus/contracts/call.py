"""One record for each HTTP request to the gateway: the exporter's source and the audit trail."""

import msgspec
from msgspec import Struct


class GatewayCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, how long it took, and how the answer was judged. Never a body, sign or key."""

    operation: str
    """pay, order, query, refund or cancel: the gateway's operation."""
    kind: str
    """For which kind of command."""
    merchant_id: str
    charge_code: str
    key: str
    verdict: str
    return_code: str | None = None
    """The gateway's RESULT.CODE, or None if there was no readable answer."""
    http_status: int | None = None
    error: str | None = None
    """The name of our error if there was no readable answer."""
    reason: str | None = None
    at_ms: int
    """Unix time at which the request began."""
    duration_us: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(GatewayCall)


def encode_call(call: GatewayCall) -> bytes:
    """Write the record's value."""
    return _encoder.encode(call)


def decode_call(value: bytes) -> GatewayCall:
    """Read a record's value; raises msgspec.ValidationError or msgspec.DecodeError."""
    return _decoder.decode(value)
