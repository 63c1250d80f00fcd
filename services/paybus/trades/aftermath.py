"""What an outcome leaves behind: the pieces from which every conclusion is made."""

from dataclasses import dataclass, replace

from paybus.trades.happening import Happening
from paybus.trades.inquiry import next_inquiry_seconds, next_try_seconds
from paybus.trades.operation import Operation, OperationState
from paybus.trades.trade import Heard, Reading, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What is to be settled, in one transaction. `due_seconds` is None once the operation is final.

    `trade` is None where there is none to be written. `reason` is a slug for a command that is rejected.
    """

    state: OperationState
    trade: Trade | None
    happenings: tuple[Happening, ...] = ()
    reading: Reading | None = None
    due_seconds: float | None = None
    reason: str | None = None
    tried: bool = True
    """Whether it counts as a try: an inquiry, a look at the trade, or a request that could not be sent."""


def finished(heard: Heard, state: OperationState = OperationState.DONE) -> Conclusion:
    """Close the operation with what was *heard*."""
    return Conclusion(state=state, trade=heard.trade, happenings=heard.happenings, reading=heard.reading)


def rejected(trade: Trade, reason: str | None) -> Conclusion:
    """Refuse the command: certainly nothing was executed."""
    return Conclusion(
        state=OperationState.REJECTED,
        trade=trade,
        happenings=(Happening.COMMAND_REJECTED,),
        reason=reason,
    )


def still_open(operation: Operation, heard: Heard, state: OperationState) -> Conclusion:
    """Keep the operation open in *state* and ask again later."""
    # What a waiting operation counted were looks at its trade, not inquiries.
    asked = operation.asked if operation.state in _ASKED_ABOUT else 0
    return Conclusion(
        state=state,
        trade=heard.trade,
        happenings=heard.happenings,
        reading=heard.reading,
        due_seconds=next_inquiry_seconds(asked),
    )


def unmoved(trade: Trade) -> Heard:
    """Say that nothing was heard that changes *trade*."""
    return Heard(trade, reading=Reading.STALE)


def still_unknown(operation: Operation, heard: Heard) -> Conclusion:
    """Keep asking; what the gateway once took stays PENDING whatever it says later."""
    taken = operation.state is OperationState.PENDING
    return still_open(operation, heard, OperationState.PENDING if taken else OperationState.UNKNOWN)


def send_later(operation: Operation, trade: Trade) -> Conclusion:
    """Let an operation that was certainly not executed wait to be granted, and sent, again."""
    if operation.state is OperationState.PENDING:
        # The gateway had taken it; that it cannot find it now is no leave to send it twice.
        return still_open(operation, unmoved(trade), OperationState.PENDING)
    # What an unknown one counted were inquiries; a refund's looks at its trade count as tries.
    tried = 0 if operation.state in _ASKED_ABOUT else operation.asked
    return Conclusion(state=OperationState.WAITING, trade=trade, due_seconds=next_try_seconds(tried))


def held_back(concluded: Conclusion, trade: Trade | None, seconds: float) -> Conclusion:
    """Put off by *seconds* what *concluded* would do at the gateway; an end of it stays an end.

    Nothing was sent or asked, so it counts as no try.
    """
    if concluded.state is OperationState.READY:
        return Conclusion(state=OperationState.WAITING, trade=trade, due_seconds=seconds, tried=False)
    if concluded.due_seconds is None:
        return concluded
    return replace(concluded, due_seconds=seconds, tried=False)


_ASKED_ABOUT = frozenset({OperationState.UNKNOWN, OperationState.PENDING})
