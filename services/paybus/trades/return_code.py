"""The gateway's return codes as reviewed data (docs/protocol.md §7.5): what each means for each operation.

A code that is not listed is *unknown*, never success or failure by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict

SUCCESS = "SUCCESS"
NONEXISTENT = "CHARGE_NONEXISTENT"
ALREADY_REVOKED = "AREADY_REVOKED"
SERIAL_REPEAT = "SERIAL_REPEAT"


@unique
class Next(StrEnum):
    """What to do about a verdict before it is believed."""

    BELIEVE = "believe"
    ASK = "ask"
    """Inquire at once: the code alone proves nothing about this operation."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a return code says of an operation that was sent."""

    verdict: Verdict
    next: Next = Next.BELIEVE
    listed: bool = True


_EXECUTED = Meaning(Verdict.EXECUTED)
_DECLINED = Meaning(Verdict.DECLINED)
_DECLINED_ASK = Meaning(Verdict.DECLINED, Next.ASK)
_UNKNOWN = Meaning(Verdict.UNKNOWN)
_UNKNOWN_ASK = Meaning(Verdict.UNKNOWN, Next.ASK)
Table = Mapping[str, Mapping[Kind, Meaning]]
"""Codes, and what each means for each kind of operation; every row has every kind."""

UNLISTED = Meaning(Verdict.UNKNOWN, listed=False)


def _same(meaning: Meaning) -> dict[Kind, Meaning]:
    return dict.fromkeys(Kind, meaning)


_RETURN_CODES: dict[str, dict[Kind, Meaning]] = {
    SUCCESS: {
        Kind.PAY: _EXECUTED,
        # The reply says the refund was taken; whether money went back is in the refund's own state.
        Kind.REFUND: Meaning(Verdict.EXECUTED, Next.ASK),
        Kind.CANCEL: _EXECUTED,
    },
    # A failed pay may still be settled by the wallet a moment later: one inquiry before we say so.
    "FAIL": {Kind.PAY: _DECLINED_ASK, Kind.REFUND: _DECLINED_ASK, Kind.CANCEL: _DECLINED_ASK},
    "ILLEGAL_PARAMETER": _same(_DECLINED),
    "INVALID_SIGN": _same(_DECLINED),
    "AMT_ERROR": _same(_DECLINED),
    "INVALID_CONTRACT": _same(_DECLINED),
    "UNREGISTERED_BUSI": _same(_DECLINED),
    NONEXISTENT: {Kind.PAY: _UNKNOWN_ASK, Kind.REFUND: _DECLINED_ASK, Kind.CANCEL: _DECLINED_ASK},
    ALREADY_REVOKED: {Kind.PAY: _UNKNOWN_ASK, Kind.REFUND: _DECLINED_ASK, Kind.CANCEL: _EXECUTED},
    # Our own number is already there: a request of ours arrived before. Find out what became of it.
    SERIAL_REPEAT: {Kind.PAY: _UNKNOWN_ASK, Kind.REFUND: _UNKNOWN_ASK, Kind.CANCEL: _UNKNOWN_ASK},
    "EXCEPTION": _same(_UNKNOWN),
    "DATABASE_ERROR": _same(_UNKNOWN),
    "SERVICE_UNAVAILABLE": _same(_UNKNOWN),
    "HTTP_EXCEPTION": _same(_UNKNOWN),
    "IO_EXCEPTION": _same(_UNKNOWN),
    "CREATE_SECURITY_CONNECTION_ERROR": _same(_UNKNOWN),
}
RETURN_CODES: Table = MappingProxyType({code: MappingProxyType(row) for code, row in _RETURN_CODES.items()})


def meaning_of(code: str, kind: Kind, table: Table = RETURN_CODES) -> Meaning:
    """Say what *code* means for an operation of *kind* that was sent; never raises."""
    return table[code][kind] if code in table else UNLISTED
