"""Whether a pay, refund or cancel may go to the gateway now, and the trade once it may."""

from dataclasses import dataclass, replace

from paybus.trades.money import Fen
from paybus.trades.trade import WITHOUT_OUTCOME, Trade, TradeState


@dataclass(frozen=True, slots=True)
class Granted:
    """It may be sent now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Its pay has no outcome yet, or a cancel is on its way; look again later."""


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """Nothing is to be done: the trade already is what the command asks for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may never be sent; *reason* is a slug of `contracts`' reason codes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Needless:
    """Nobody asked for it, and what it was for has come about otherwise: it is withdrawn."""


Decision = Granted | Wait | AlreadySo | Needless | Refused

_REFUNDABLE = frozenset({TradeState.PAID, TradeState.PARTIALLY_REFUNDED, TradeState.REFUNDED})
ENDED_UNPAID = frozenset({TradeState.REVOKED, TradeState.CLOSED})
"""What may be charged all the same: the gateway took a payment in the very moment it was put away."""

_CANCELLABLE = frozenset({TradeState.AWAITING_PAYMENT, TradeState.PAID})


def may_pay(trade: Trade) -> Decision:
    """Say whether *trade* may (still) be paid: not if its outcome is known, however we came to know it."""
    return Granted() if trade.state in WITHOUT_OUTCOME else AlreadySo()


def may_refund(trade: Trade | None, amount_fen: Fen, *, automatic: bool = False) -> Decision:
    """Say whether *amount_fen* of *trade* may be refunded now; None is a trade we have not seen (yet).

    Only an *automatic* refund gives back what was charged after the trade had ended.
    """
    if trade is None or trade.cancelling or trade.state in WITHOUT_OUTCOME:
        return Wait()
    if trade.state not in (_REFUNDABLE | ENDED_UNPAID if automatic else _REFUNDABLE):
        return Refused(_why_not(trade.state))
    if amount_fen > trade.remainder_fen:
        return Refused("amount_above_remainder")
    return Granted()


def may_cancel(trade: Trade | None, *, overdue: bool = False, automatic: bool = False) -> Decision:
    """Say whether *trade* may be revoked now; None is a trade we have not seen (yet).

    The cancel of an *overdue* pay does not wait for its outcome. An *automatic* one is for that alone: a
    payment that came in time is nobody's wish to revoke.
    """
    if trade is None or trade.state in WITHOUT_OUTCOME:
        return Granted() if trade is not None and overdue else Wait()
    if trade.state is TradeState.REVOKED:
        return AlreadySo()
    if automatic:
        return Needless()
    if trade.state not in _CANCELLABLE:
        return Refused(_why_not(trade.state))
    if trade.reserved_fen:
        return Refused("refund_in_progress")
    return Granted()


def reserve(trade: Trade, amount_fen: Fen) -> Trade:
    """Give the trade on which a granted refund of *amount_fen* holds its money."""
    assert 0 < amount_fen <= trade.remainder_fen
    return replace(trade, reserved_fen=Fen(trade.reserved_fen + amount_fen))


def begin_cancel(trade: Trade) -> Trade:
    """Give the trade on which a granted cancel is on its way: refunds wait for it."""
    return replace(trade, cancelling=True)


def _why_not(state: TradeState) -> str:
    return "trade_not_paid" if state is TradeState.AWAITING_PAYMENT else f"trade_{state.value}"
