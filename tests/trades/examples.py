"""Trades, operations and outcomes to start a test from; and tables of words to hold the code against."""

from typing import Any

from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.trade import Trade, TradeState

AMOUNT = Fen(15800)
METHOD = {Kind.PAY: Method.BARCODE, Kind.REFUND: Method.REFUND, Kind.CANCEL: Method.REALTIME}
METHODS = {
    Kind.PAY: (Method.BARCODE, Method.NATIVE, Method.JSAPI, Method.APP),
    Kind.REFUND: (Method.REFUND,),
    Kind.CANCEL: (Method.REALTIME, Method.APPLICATION),
}
PAID_STATES = frozenset({TradeState.PAID, TradeState.PARTIALLY_REFUNDED, TradeState.REFUNDED})


def a_trade(state: TradeState, **changes: Any) -> Trade:
    """Give a trade of AMOUNT in *state*; it is paid where its state says so."""
    paid_fen = AMOUNT if state in PAID_STATES else Fen(0)
    version = 0 if state is TradeState.ACCEPTED else 1
    fields: dict[str, Any] = {"paid_fen": paid_fen, "version": version, "amount_fen": AMOUNT} | changes
    return Trade(merchant_id="0010000001", charge_code="C1", state=state, **fields)


def an_operation(kind: Kind, state: OperationState = OperationState.READY, **changes: Any) -> Operation:
    """Give an operation on the whole of a_trade()."""
    key = "R1" if kind is Kind.REFUND else "C1"
    fields: dict[str, Any] = {"method": METHOD[kind], "amount_fen": AMOUNT} | changes
    return Operation(merchant_id="0010000001", kind=kind, key=key, charge_code="C1", state=state, **fields)


def replied(verdict: Verdict, **changes: Any) -> Outcome:
    """Give the outcome of a reply; facts may be given by their names."""
    return _outcome(verdict, Source.REPLY, changes)


def asked(verdict: Verdict, **changes: Any) -> Outcome:
    """Give the outcome of an inquiry; facts may be given by their names."""
    return _outcome(verdict, Source.INQUIRY, changes)


def _outcome(verdict: Verdict, source: Source, changes: dict[str, Any]) -> Outcome:
    names = Facts.__dataclass_fields__.keys() & changes.keys()
    facts = Facts(**{name: changes.pop(name) for name in names})
    return Outcome(verdict=verdict, source=source, facts=facts, **changes)


def rows(table: str) -> dict[str, dict[str, str]]:
    """Read a table of words: the first line names the columns, the first word of a line its row."""
    header, *lines = [line.split() for line in table.strip().splitlines()]
    return {name: dict(zip(header, cells, strict=True)) for name, *cells in lines}
