"""Path and query of a request, with its sign (docs/protocol.md §1.2, §2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from paybus.gateway.cipher import ENCRYPT
from paybus.gateway.errors import InvalidParameterError
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import sign


@dataclass(frozen=True, slots=True)
class Get:
    """A GET before it is signed: encoded path below the base, signed text, parameters besides sign."""

    path: str
    signed: str
    parameters: Mapping[str, str]


def form_encode(parameters: Mapping[str, str]) -> str:
    """Write parameters in Java's form encoding (docs/protocol.md §1.2): letters, digits and `.-*_` stay.

    Raises InvalidParameterError for text that UTF-8 cannot hold.
    """
    try:
        return "&".join(f"{name}={_encoded(value)}" for name, value in parameters.items())
    except UnicodeEncodeError:
        raise InvalidParameterError("a parameter must be text that UTF-8 can hold") from None


def post_query(signed: bytes, merchant: Merchant, *, timestamp_ms: int) -> str:
    """Give the query of a POST whose plain body is *signed*; the colon of the sign stays raw."""
    made = sign(signed, key=merchant.key, timestamp_ms=timestamp_ms)
    query = f"sign={made}&_type={merchant.reply_format}"
    if merchant.encrypt:
        query += f"&encrypt={ENCRYPT}"
    if merchant.encrypt or merchant.request_format == "xml":
        query += f"&{form_encode({'busiCode': merchant.merchant_id})}"
    return query


def write_off_query(
    signed: bytes, parameters: Mapping[str, str], merchant: Merchant, *, timestamp_ms: int
) -> str:
    """Give the query of a write-off POST: its own parameters, then the sign, and no `_type`."""
    own = f"{form_encode(parameters)}&" if parameters else ""
    return f"{own}sign={sign(signed, key=merchant.key, timestamp_ms=timestamp_ms)}"


def get_query(get: Get, merchant: Merchant, *, timestamp_ms: int) -> str:
    """Give the form-encoded query of a GET; raises InvalidParameterError for text UTF-8 cannot hold."""
    parameters = {
        "sign": sign(get.signed, key=merchant.key, timestamp_ms=timestamp_ms),
        "_type": merchant.reply_format,
        **get.parameters,
    }
    if merchant.encrypt:
        parameters |= {"encrypt": ENCRYPT, "busiCode": merchant.merchant_id}
    return form_encode(parameters)


def _encoded(value: str) -> str:
    return quote_plus(value, safe="*").replace("~", "%7E")
