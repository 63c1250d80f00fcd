"""One record for each HTTP request to the gateway: the exporter's source and the audit trail."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct


class GatewayCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, how long it took, and how the answer was judged. Never a body, sign or key."""

    operation: str
    """pay, order, query, refund or cancel: the gateway's operation."""
    kind: str
    """For which kind of command: pay, refund or cancel."""
    merchant_id: str
    """The merchant: the gateway's BUSI_ID."""
    charge_code: str
    """The trade's number."""
    key: str
    """The operation's idempotency key: the charge code, or the refund's number."""
    verdict: str
    """What we made of the answer: executed, declined, not_executed or unknown."""
    return_code: str | None = None
    """The gateway's RESULT.CODE, or None if there was no readable answer."""
    http_status: int | None = None
    """The status of the answer, or None if there was none."""
    error: str | None = None
    """The name of our error if there was no readable answer."""
    reason: str | None = None
    """A slug where the return code alone does not explain the verdict."""
    at_ms: Annotated[int, Meta(ge=0)]
    """Unix time at which the request began, in milliseconds."""
    duration_us: Annotated[int, Meta(ge=0)]
    """From the first byte sent to the answer judged, in microseconds."""


class CallHeaderTexts(Struct, frozen=True, kw_only=True):
    """The headers of a call's record; others are allowed."""

    traceparent: str | None = None
    """W3C trace context of the attempt, or of the command while nobody collects traces."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(GatewayCall)


def call_headers(traceparent: str | None) -> list[tuple[str, bytes]]:
    """Give the headers of a record."""
    return [] if traceparent is None else [("traceparent", traceparent.encode())]


def encode_call(call: GatewayCall) -> bytes:
    """Write the record's value."""
    return _encoder.encode(call)


def decode_call(value: bytes) -> GatewayCall:
    """Read a record's value; raises msgspec.ValidationError or msgspec.DecodeError."""
    return _decoder.decode(value)
