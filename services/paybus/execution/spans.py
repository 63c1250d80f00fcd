"""The spans of an operation: taken over, tried at the gateway, settled (docs/traces.md)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from paybus.contracts.call import GatewayCall
from paybus.ledger.held import Held
from paybus.ledger.settlement import Settled, Settlement
from paybus.telemetry.trace import Value, begin
from paybus.trades.operation import Operation, OperationState

_BY_GET: Final = frozenset({"query", "cancel"})

Attributes = Mapping[str, Value | None]


def taken_over(held: Held) -> Held:
    """Give *held* as this worker goes on with it; if another had it in hand, the trace says so.

    In the ledger nobody is READY but who was in somebody's hands: he died, or stopped before he was done.
    """
    if held.operation.state is not OperationState.READY:
        return held
    span = begin(f"takeover {held.operation.kind}", held.traceparent)
    if span is None:
        return held
    quiet_seconds = held.quiet_seconds
    span.end({**_names_of(held.operation), "paybus.turn": held.turn, "paybus.quiet_seconds": quiet_seconds})
    return replace(held, traceparent=span.traceparent)


def attributes_of_call(call: GatewayCall, base_url: str, *, turn: int | None = None) -> Attributes:
    """Describe one request and its judged answer; never a body, a sign or what a wallet showed."""
    server = urlsplit(base_url)
    return {
        "http.request.method": "GET" if call.operation in _BY_GET else "POST",
        "http.response.status_code": call.http_status,
        "server.address": server.hostname,
        "server.port": server.port,
        "error.type": call.error,
        "paybus.kind": call.kind,
        "paybus.merchant_id": call.merchant_id,
        "paybus.charge_code": call.charge_code,
        "paybus.out_refund_no": _number(call.key, call.charge_code),
        "paybus.operation": call.operation,
        "paybus.turn": turn,
        "paybus.verdict": call.verdict,
        "paybus.return_code": call.return_code,
        "paybus.reason": call.reason,
    }


def attributes_of_settlement(settlement: Settlement, settled: Settled) -> Attributes:
    """Describe what was decided, and what it made of the operation."""
    outcome, conclusion = settlement.outcome, settled.conclusion
    return {
        **_names_of(settlement.held.operation),
        "paybus.turn": settlement.held.turn,
        "paybus.verdict": outcome.verdict.value,
        "paybus.return_code": outcome.return_code,
        "paybus.reason": outcome.reason if conclusion is None else conclusion.reason or outcome.reason,
        "paybus.state": "lost" if conclusion is None else conclusion.state.value,
    }


def _names_of(operation: Operation) -> dict[str, Value | None]:
    return {
        "paybus.kind": operation.kind.value,
        "paybus.merchant_id": operation.merchant_id,
        "paybus.charge_code": operation.charge_code,
        "paybus.out_refund_no": _number(operation.key, operation.charge_code),
    }


def _number(key: str, charge_code: str) -> str | None:
    """Give the key of a refund; that of the others is the charge code, and need not be sent twice."""
    return None if key == charge_code else key
