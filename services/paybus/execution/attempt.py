"""One request to the gateway, judged: whatever happens to it ends as an outcome and a record of the call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
import time

from paybus.contracts.call import GatewayCall
from paybus.execution.flow import Answered
from paybus.execution.spans import attributes_of_call
from paybus.gateway.errors import (
    ConnectFailedError,
    GatewayError,
    NoAnswerError,
    NotSentError,
)
from paybus.ledger.held import Held
from paybus.telemetry.trace import SpanKind, begin
from paybus.trades.outcome import Outcome, Source, Verdict

Request = Callable[[], Awaitable[Answered]]
Judge = Callable[[Answered], Outcome]

_DECISIVE = frozenset({"AMT", "STATE"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one request told us, its record for the calls topic, and its place in the trace."""

    outcome: Outcome
    call: GatewayCall
    traceparent: str | None = None


async def attempt(
    held: Held, operation_name: str, request: Request, *, judge: Judge, source: Source, base_url: str
) -> Attempt:
    """Make one request to *base_url* and judge what comes; raises nothing that the gateway can cause."""
    span = begin(f"attempt {operation_name}", held.traceparent, SpanKind.CLIENT)
    at_ms, begun = time.time_ns() // 1_000_000, time.perf_counter_ns()
    answered: Answered | None = None
    error: GatewayError | None = None
    try:
        answered = await request()
        outcome = _judged(answered, judge, source)
    except GatewayError as failure:
        error = failure
        outcome = _without_answer(failure, source)
    duration_ns = time.perf_counter_ns() - begun
    if outcome.verdict is Verdict.UNKNOWN and error is not None:
        outcome = replace(outcome, hung_seconds=duration_ns / 1e9)
    operation = held.operation
    call = GatewayCall(
        operation=operation_name,
        kind=operation.kind.value,
        merchant_id=operation.merchant_id,
        charge_code=operation.charge_code,
        key=operation.key,
        verdict=outcome.verdict.value,
        return_code=answered.reply.code if answered else None,
        http_status=answered.reply.http_status if answered else getattr(error, "http_status", None),
        error=type(error).__name__ if error else None,
        reason=outcome.reason,
        at_ms=at_ms,
        duration_us=duration_ns // 1000,
    )
    if span is None:
        return Attempt(outcome, call, held.traceparent)
    span.end(attributes_of_call(call, base_url, turn=held.turn), failed=error is not None)
    return Attempt(outcome, call, span.traceparent)


def _judged(answered: Answered, judge: Judge, source: Source) -> Outcome:
    if _DECISIVE.intersection(answered.reply.unreadable):
        # Amount or state is there and cannot be read: the rest of the reply proves nothing.
        code = answered.reply.code
        return Outcome(verdict=Verdict.UNKNOWN, source=source, return_code=code, reason="reply_unreadable")
    return judge(answered)


def _without_answer(error: GatewayError, source: Source) -> Outcome:
    verdict, reason = _meaning_of(error)
    if source is Source.INQUIRY:
        # A question that got no answer says nothing about the operation, whether or not it was sent.
        verdict = Verdict.UNKNOWN
    return Outcome(verdict=verdict, source=source, reason=reason)


def _meaning_of(error: GatewayError) -> tuple[Verdict, str]:
    match error:
        case ConnectFailedError():
            return Verdict.NOT_EXECUTED, "not_connected"
        case NotSentError():
            # It can never be put on the wire. Nothing was sent, so "declined" is the whole truth.
            return Verdict.DECLINED, "field_invalid"
        case NoAnswerError():
            return Verdict.UNKNOWN, "no_answer"
        case _:
            raise error
