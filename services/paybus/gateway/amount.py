"""Which money the gateway writes in which unit, and the funds a payment was made of.

Requests carry yuan text (`AMT`, `CHARGE_REFUND_FEE`); replies and callbacks carry fen (`AMT`), except
the funds, whose `AMOUNT` is yuan again (docs/protocol.md §4, §8 #2). Inside there is only fen.
"""

from dataclasses import dataclass
from typing import Any

from paybus.trades.money import Fen, MoneyError, fen_from_yuan, yuan_text


@dataclass(frozen=True, slots=True)
class FundBill:
    """One source of the money of a payment; `amount_fen` is None if its yuan could not be read."""

    fund_channel: str
    amount_fen: Fen | None


def read_fund_bill(amount: object, fund_channel: object) -> FundBill:
    """Read one entry of FUND_BILL_LIST: *amount* in yuan (zero allowed), a channel text or number."""
    try:
        fen = fen_from_yuan(amount, zero_allowed=True)
    except MoneyError:
        fen = None
    return FundBill(_channel_text(fund_channel), fen)


def write_fund_bill(bill: FundBill) -> dict[str, Any]:
    """Write one entry of FUND_BILL_LIST, the amount as yuan text."""
    yuan = None if bill.amount_fen is None else yuan_text(bill.amount_fen)
    return {"AMOUNT": yuan, "FUND_CHANNEL": bill.fund_channel}


def _channel_text(value: object) -> str:
    """Give the channel as text; a number has lost the leading zero of `00` (docs/protocol.md §7.3)."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        return ""
    return "00" if text == "0" else text
