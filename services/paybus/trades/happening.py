"""What can be announced about a trade: the names of our events, in the past tense."""

from enum import StrEnum, unique


@unique
class Happening(StrEnum):
    """The type of one event (`ce_type` on the wire)."""

    TRADE_CREATED = "trade.created"
    TRADE_PAID = "trade.paid"
    TRADE_DECLINED = "trade.declined"
    TRADE_UNKNOWN = "trade.unknown"
    TRADE_REVOKED = "trade.revoked"
    TRADE_REVOCATION_REQUESTED = "trade.revocation_requested"
    TRADE_CLOSED = "trade.closed"
    TRADE_PARTIALLY_REFUNDED = "trade.partially_refunded"
    TRADE_REFUNDED = "trade.refunded"
    TRADE_DISCREPANCY = "trade.discrepancy"
    REFUND_ACCEPTED = "refund.accepted"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    REFUND_UNKNOWN = "refund.unknown"
    CALLBACK_UNMATCHED = "callback.unmatched"
    COMMAND_REJECTED = "command.rejected"


UNVERSIONED = frozenset({Happening.CALLBACK_UNMATCHED, Happening.COMMAND_REJECTED})
"""What is announced beside a trade's history and takes none of its versions."""
