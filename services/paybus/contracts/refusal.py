"""Why a command or a record is refused: the slugs, and a sentence for people about each.

Slugs are for programs and stay as they are; sentences may be reworded.
"""

from types import MappingProxyType
from typing import Final

MALFORMED: Final = MappingProxyType(
    {
        "amount_invalid": "The amount is not a whole number of fen within the limits.",
        "field_missing": "A field is missing without which the command cannot be carried out.",
        "field_invalid": "A field has a value that it must not have.",
    }
)
"""Found while the command is read: it was not accepted, and its key is still free."""

REFUSED: Final = MappingProxyType(
    {
        "merchant_unknown": "No such merchant is configured here.",
        "key_conflict": "The key was used before for a command with another content, which stands.",
        "expired": "It was too old to be sent, and never was.",
        "trade_unknown": "No pay for this trade ever came.",
        "trade_not_paid": "The customer has not paid yet.",
        "trade_declined": "The gateway declined the payment, or it expired: there is nothing to give back.",
        "trade_revoked": "The trade is revoked.",
        "trade_revocation_requested": "A revocation of the trade is being decided by the gateway.",
        "trade_closed": "The trade is closed at the gateway.",
        "trade_partially_refunded": "A part of the trade was refunded: refund the rest instead.",
        "trade_refunded": "The whole trade is refunded.",
        "amount_above_remainder": "More than what was paid, less what is refunded or promised to refunds.",
        "refund_in_progress": "A refund of the trade is under way: wait for its answer.",
    }
)
"""Found when the command was to be carried out."""

REJECTIONS: Final = MappingProxyType({**MALFORMED, **REFUSED})
"""Every reason of `command.rejected` that is ours. Others are the gateway's return codes."""

DEAD_LETTERS: Final = MappingProxyType(
    {
        "value_missing": "The record has no value.",
        "value_too_large": "The value is larger than any command may be.",
        "not_json": "The value is not one JSON value in UTF-8.",
        "identity_invalid": "The merchant, the charge code or the refund's number is missing or unusable.",
    }
)
"""Every reason of a dead letter."""


def sentence_of(reason: str) -> str:
    """Give the sentence for *reason*; one that is not listed is the gateway's."""
    return REJECTIONS.get(reason) or f"The gateway refused it with {reason}."
