"""At the gateway for one operation: send it, or ask about it, and join what both told us."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paybus.contracts.command import decode
from paybus.execution.attempt import Attempt, attempt
from paybus.execution.flow import Answered, Flow
from paybus.execution.journal import Journal
from paybus.gateway.client import GatewayClient
from paybus.gateway.errors import UnknownMerchantError
from paybus.ledger.held import Held
from paybus.trades.judgement import combine, join_reply, judge_inquiry, judge_reply
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts, Outcome, Source, Verdict


class Operator:
    """Speaks with the gateway for every merchant; keeps nothing between calls."""

    def __init__(
        self, flow: Flow, clients: Mapping[str, GatewayClient], journal: Journal, *, lag_seconds: float
    ) -> None:
        self._flow = flow
        self._clients = clients
        self._journal = journal
        self._lag_seconds = lag_seconds

    async def send(self, held: Held) -> Outcome:
        """Send the operation once, and confirm by one inquiry where its code alone proves nothing."""
        operation = held.operation
        command = decode(held.command, operation.kind)
        sent = await attempt(
            held,
            self._flow.operation_name(command),
            lambda: self._flow.send(self._client(held), command, held),
            judge=lambda answered: judge_reply(
                operation.kind, answered.reply.code, answered.facts, amount_fen=_amount(held)
            ),
            source=Source.REPLY,
        )
        await self._journal.write(sent.call)
        if not sent.outcome.confirm:
            return sent.outcome
        asked = await self._ask(held, lag_over=False)
        joined = combine(operation.kind, sent.outcome, asked.outcome)
        # The ledger remembers the code of the reply: it is what later inquiries are joined with.
        return replace(joined, source=Source.REPLY, return_code=sent.outcome.return_code)

    async def ask(self, held: Held) -> Outcome:
        """Ask the gateway once what became of an operation that was sent, or may have been."""
        lag_over = held.quiet_seconds is not None and held.quiet_seconds >= self._lag_seconds
        asked = await self._ask(held, lag_over=lag_over)
        return join_reply(held.operation, asked.outcome)

    async def _ask(self, held: Held, *, lag_over: bool) -> Attempt:
        operation = held.operation
        asked = await attempt(
            held,
            "query",
            lambda: self._query(held),
            judge=lambda answered: judge_inquiry(
                operation.kind,
                answered.reply.code,
                answered.facts,
                amount_fen=_amount(held),
                lag_over=lag_over,
            ),
            source=Source.INQUIRY,
        )
        if asked.outcome.verdict is not Verdict.UNKNOWN and asked.call.return_code is None:
            # An inquiry that was never answered says nothing about the operation, whatever its reason.
            asked = replace(asked, outcome=replace(asked.outcome, verdict=Verdict.UNKNOWN))
        await self._journal.write(asked.call)
        return asked

    async def _query(self, held: Held) -> Answered:
        reply = await self._client(held).query(self._flow.question(held.operation))
        facts = Facts(
            down_code=reply.down_code,
            third_code=reply.third_code,
            channel_type=reply.channel_type,
            amount_fen=reply.amount_fen,
            gateway_state=reply.state,
        )
        return Answered(reply, facts)

    def _client(self, held: Held) -> GatewayClient:
        try:
            return self._clients[held.operation.merchant_id]
        except KeyError:
            raise UnknownMerchantError(held.operation.merchant_id) from None


def _amount(held: Held) -> Fen:
    """Give the amount the gateway should speak of: the trade's; a cancel has none of its own."""
    operation: Any = held.operation
    return held.trade.trade.amount_fen if held.trade else operation.amount_fen
