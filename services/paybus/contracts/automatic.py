"""The commands that nobody sends: Paybus asks itself for them. They are like those of an order service."""

from hashlib import blake2b
from typing import Final

from paybus.contracts.command import CancelCommand, RefundCommand
from paybus.trades.trade import Trade

REFUND_SUBJECT: Final = "Paid after the order was cancelled"
"""Why the money comes back; the customer may see it."""

_PREFIX: Final = "auto-"
_LONGEST_NUMBER: Final = 64  # characters of OUT_REFUND_NO


def cancel_overdue(merchant_id: str, charge_code: str) -> CancelCommand:
    """Ask for the cancel of an unpaid payment: the same command as a person's, under the same key."""
    return CancelCommand(merchant_id=merchant_id, charge_code=charge_code)


def refund_late_charge(trade: Trade) -> RefundCommand:
    """Ask for all of a late charge back."""
    return RefundCommand(
        merchant_id=trade.merchant_id,
        charge_code=trade.charge_code,
        out_refund_no=refund_number(trade.charge_code),
        amount_fen=trade.amount_fen,
        subject=REFUND_SUBJECT,
    )


def refund_number(charge_code: str) -> str:
    """Give the number of a trade's one automatic refund: always the same, and never too long."""
    number = _PREFIX + charge_code
    if len(number) <= _LONGEST_NUMBER:
        return number
    digest = blake2b(charge_code.encode(), digest_size=16).hexdigest()
    return f"{number[: _LONGEST_NUMBER - 1 - len(digest)]}-{digest}"
