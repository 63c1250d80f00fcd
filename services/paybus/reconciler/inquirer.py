"""One inquiry about a trade: what the gateway says of it, and a record of the call."""

import asyncio
from collections.abc import Mapping
import time
from typing import Final

from paybus.contracts.call import GatewayCall
from paybus.execution.gates import Gates, Traffic
from paybus.execution.journal import Journal
from paybus.execution.spans import attributes_of_call
from paybus.gateway.client import GatewayClient
from paybus.gateway.errors import GatewayError
from paybus.gateway.query import QueryReply, QueryRequest
from paybus.telemetry.seam import Seam, reach, reach_under_way
from paybus.telemetry.trace import SpanKind, begin
from paybus.trades.judgement import judge_inquiry
from paybus.trades.operation import Kind
from paybus.trades.outcome import Facts, Verdict
from paybus.trades.trade import Trade

Answer = tuple[str, Facts]
"""Return code, and what was told besides."""

TURN_SECONDS: Final = 1.0
"""How long an inquiry waits for its merchant's turn: a look at all merchants ends with the last of them."""

_DECISIVE: Final = frozenset({"AMT", "STATE"})


class Inquirer:
    """Asks about trades, for every merchant; keeps nothing between calls."""

    def __init__(
        self, clients: Mapping[str, GatewayClient], journal: Journal, gates: Gates | None = None
    ) -> None:
        self._clients = clients
        self._gates = gates or Gates(clients)
        self._journal = journal

    async def may_ask(self, merchant_id: str) -> bool:
        """Wait for a call that the merchant may make; False if there is none soon, or nobody would answer."""
        if self._gates.rest_seconds(Traffic.INQUIRIES, merchant_id):
            return False
        wait_seconds = self._gates.wait_seconds(Traffic.INQUIRIES, merchant_id, within_seconds=TURN_SECONDS)
        if wait_seconds >= TURN_SECONDS:
            return False
        await asyncio.sleep(wait_seconds)
        return True

    async def ask(self, trade: Trade, traceparent: str | None = None) -> Answer | None:
        """Ask once, at that place in a trace; None where nothing came that can be believed.

        Raises nothing the gateway can cause.
        """
        client = self._clients.get(trade.merchant_id)
        if client is None:  # its file was taken away: only putting it back helps
            return None
        if self._gates.rest_seconds(Traffic.INQUIRIES, trade.merchant_id):  # it answers nobody: ask later
            return None
        span = begin("attempt query", traceparent, SpanKind.CLIENT)
        reach_under_way(Seam.INQUIRY_SENT)
        with self._gates.passing(Traffic.INQUIRIES, client) as passage:
            passage.call, answer = await _asked(client, trade)
        reach(Seam.INQUIRY_READ)
        if span is not None:
            span.end(
                attributes_of_call(passage.call, client.merchant.base_url),
                failed=passage.call.error is not None,
            )
            traceparent = span.traceparent
        self._journal.write(passage.call, traceparent)
        return answer


async def _asked(client: GatewayClient, trade: Trade) -> tuple[GatewayCall, Answer | None]:
    at_ms, begun = time.time_ns() // 1_000_000, time.perf_counter_ns()
    reply, error = None, None
    try:
        reply = await client.query(QueryRequest(code=trade.charge_code))
    except GatewayError as failure:
        error = failure
    answer = None if reply is None else _answer(reply)
    duration_us = (time.perf_counter_ns() - begun) // 1000
    return _record(trade, reply, error, at_ms=at_ms, duration_us=duration_us), answer


def _answer(reply: QueryReply) -> Answer | None:
    if _DECISIVE.intersection(reply.unreadable):
        return None
    facts = Facts(
        down_code=reply.down_code,
        third_code=reply.third_code,
        channel_type=reply.channel_type,
        amount_fen=reply.amount_fen,
        gateway_state=reply.state,
    )
    return reply.code, facts


def _record(
    trade: Trade, reply: QueryReply | None, error: GatewayError | None, *, at_ms: int, duration_us: int
) -> GatewayCall:
    answer = None if reply is None else _answer(reply)
    verdict, reason = Verdict.UNKNOWN, None
    if answer is not None:
        code, facts = answer
        judged = judge_inquiry(Kind.PAY, code, facts, amount_fen=trade.amount_fen, lag_over=True)
        verdict, reason = judged.verdict, judged.reason
    return GatewayCall(
        operation="query",
        kind=Kind.PAY.value,
        merchant_id=trade.merchant_id,
        charge_code=trade.charge_code,
        key=trade.charge_code,
        verdict=verdict.value,
        return_code=reply.code if reply else None,
        http_status=reply.http_status if reply else getattr(error, "http_status", None),
        error=type(error).__name__ if error else None,
        reason=reason,
        at_ms=at_ms,
        duration_us=duration_us,
    )
