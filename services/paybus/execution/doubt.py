"""An operation that waits, and may have been sent all the same in a past that the ledger has lost.

It is asked about as it is: it holds nothing on its trade while the gateway does not know it, and is carried
out like any other as soon as that is believed (docs/adr/0019-a-restored-ledger-asks-first.md).
"""

from typing import Final

from paybus.ledger.batch import Decide
from paybus.ledger.held import Held
from paybus.trades.aftermath import Conclusion
from paybus.trades.inquiry import next_inquiry_seconds
from paybus.trades.operation import Operation, OperationState
from paybus.trades.outcome import Outcome, Source, Verdict
from paybus.trades.return_code import NONEXISTENT
from paybus.trades.start import Patience, start
from paybus.trades.trade import Trade

NOT_ASKED_YET: Final = Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, reason="doubted")
"""Nothing was asked, so the doubt stays."""


def still_waits(held: Held, patience: Patience) -> bool:
    """Say whether it would only wait: nothing can be concluded about it before its trade has got further."""
    known = held.trade
    trade = None if known is None else known.trade
    return start(held.operation, trade, patience).state is OperationState.WAITING


def doubting(decide: Decide, outcome: Outcome) -> Decide:
    """Decide as *decide* does, unless the gateway does not know it (yet), or nobody knows its trade."""
    hidden = outcome.verdict is Verdict.UNKNOWN and outcome.return_code == NONEXISTENT

    def decided(operation: Operation, trade: Trade | None) -> Conclusion:
        if trade is not None and not hidden:
            return decide(operation, trade)
        due_seconds = next_inquiry_seconds(operation.asked)
        return Conclusion(state=OperationState.WAITING, trade=trade, due_seconds=due_seconds)

    return decided
