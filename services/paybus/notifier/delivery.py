"""What of a callback goes into the ledger: whom it is about, what it says, and how a repeat is known."""

from hashlib import blake2b
import json
from typing import Final

from paybus.gateway.callback import Callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.ledger.callback import Delivery
from paybus.telemetry.trace import Span
from paybus.trades.outcome import Facts

_LONGEST_CODE: Final = 128
"""Ours have 64 characters at most, the gateway's and the wallets' about 32."""

_LARGEST_NUMBER: Final = 2**31 - 1  # of a column; states and channels have two digits
_BLANKS: Final = str.maketrans("", "", "\t\n\x0b\x0c\r ")


def delivery_of(callback: Callback, span: Span | None = None) -> Delivery:
    """Make a delivery; raises CallbackRefusedError for a trade's number or a state that cannot be one."""
    charge_code, state = _code(callback.charge_code), _number(callback.state)
    if charge_code is None or state is None:
        raise CallbackRefusedError("member_unreadable", http_status=400)
    facts = Facts(
        down_code=_code(callback.down_code),
        third_code=_code(callback.third_code),
        channel_type=_number(callback.channel_type),
        amount_fen=callback.amount_fen,
        gateway_state=state,
    )
    return Delivery(
        merchant_id=callback.merchant_id,
        charge_code=charge_code,
        digest=_digest(callback.merchant_id, charge_code, facts),
        facts=facts,
        body=callback.text.encode(),
        span=span,
    )


def _digest(merchant_id: str, charge_code: str, facts: Facts) -> bytes:
    """Stand for the meaning: the gateway signs each repeat anew, and may write it differently."""
    meaning = [merchant_id, charge_code, facts.down_code, facts.gateway_state, facts.amount_fen]
    return blake2b(json.dumps(meaning).encode(), digest_size=16).digest()


def _code(text: str | None) -> str | None:
    """Give a code without blanks, which the sign does not protect; None for what cannot be a code."""
    code = (text or "").translate(_BLANKS)
    return code if code.isprintable() and 0 < len(code) <= _LONGEST_CODE else None


def _number(number: int | None) -> int | None:
    return number if number is not None and abs(number) <= _LARGEST_NUMBER else None
