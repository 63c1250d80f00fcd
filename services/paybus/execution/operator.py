"""At the gateway for one operation: send it, or ask about it, and join what both told us."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from paybus.contracts.command import decode
from paybus.execution.attempt import attempt
from paybus.execution.flow import Answered, Flow
from paybus.execution.gates import Gates, Traffic
from paybus.execution.habits import Habits
from paybus.execution.journal import Journal
from paybus.gateway.client import GatewayClient
from paybus.ledger.held import Held
from paybus.telemetry.seam import Seam, reach, reach_under_way
from paybus.trades.judgement import UNLISTED, combine, join_reply, judge_inquiry, judge_reply
from paybus.trades.money import Fen
from paybus.trades.outcome import Facts, Outcome, Source, Verdict

MERCHANT_UNKNOWN: Final = "merchant_unknown"
"""The reason of an outcome without a request: the merchant was taken out while the operation was open."""

POSTPONED: Final = "inquiry_postponed"
"""The reason of an inquiry that was not made: the gateway answers none, and is left alone for a while."""


class Operator:
    """Speaks with the gateway for every merchant; keeps nothing between calls."""

    def __init__(
        self,
        flow: Flow,
        clients: Mapping[str, GatewayClient],
        journal: Journal,
        *,
        lag_seconds: float,
        gates: Gates | None = None,
        habits: Habits | None = None,
    ) -> None:
        self.gates = gates or Gates(clients)
        self._habits = habits or Habits()
        self._flow = flow
        self._clients = clients
        self._journal = journal
        self._lag_seconds = lag_seconds

    async def send(self, held: Held) -> Outcome:
        """Send the operation once, and confirm by one inquiry where its code alone proves nothing."""
        client = self._clients.get(held.operation.merchant_id)
        if client is None:
            return Outcome(verdict=Verdict.NOT_EXECUTED, source=Source.REPLY, reason=MERCHANT_UNKNOWN)
        sent = await self._send(client, held)
        if not sent.confirm:
            return sent
        # It follows at once, and the merchant's next call waits for it.
        self.gates.wait_seconds(Traffic.INQUIRIES, held.operation.merchant_id, within_seconds=float("inf"))
        asked = await self._ask(client, held, lag_over=False)
        joined = combine(held.operation.kind, sent, asked)
        # The ledger remembers the code of the reply: it is what later inquiries are joined with.
        return replace(joined, source=Source.REPLY, return_code=sent.return_code)

    async def ask(self, held: Held) -> Outcome:
        """Ask the gateway once what became of an operation that was sent, or may have been."""
        client = self._clients.get(held.operation.merchant_id)
        if client is None:
            return Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, reason=MERCHANT_UNKNOWN)
        lag_seconds = self._habits.lag_seconds(self._lag_seconds)
        lag_over = held.quiet_seconds is not None and held.quiet_seconds >= lag_seconds
        asked = await self._ask(client, held, lag_over=lag_over)
        return join_reply(held.operation, asked, table=self._habits.return_codes)

    async def _send(self, client: GatewayClient, held: Held) -> Outcome:
        kind = held.operation.kind
        command = decode(held.command, kind)
        reach(Seam.REQUEST_NOT_SENT)
        reach_under_way(Seam.REQUEST_SENT)
        with self.gates.passing(Traffic.CHARGES, client) as passage:
            sent = await attempt(
                held,
                self._flow.operation_name(command),
                lambda: self._flow.send(client, command, held),
                judge=lambda answered: judge_reply(
                    kind,
                    answered.reply.code,
                    answered.facts,
                    amount_fen=_amount(held),
                    table=self._habits.return_codes,
                ),
                source=Source.REPLY,
                base_url=client.merchant.base_url,
            )
            passage.call = sent.call
        reach(Seam.ANSWER_READ)
        self._journal.write(sent.call, sent.traceparent)
        if sent.call.return_code is not None and sent.outcome.reason == UNLISTED:
            self._habits.met_unlisted(sent.call.return_code, sent.call.operation)
        return sent.outcome

    async def _ask(self, client: GatewayClient, held: Held, *, lag_over: bool) -> Outcome:
        kind = held.operation.kind
        if self.gates.rest_seconds(Traffic.INQUIRIES, held.operation.merchant_id):
            return Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, reason=POSTPONED)
        reach_under_way(Seam.INQUIRY_SENT)
        with self.gates.passing(Traffic.INQUIRIES, client) as passage:
            asked = await attempt(
                held,
                "query",
                lambda: self._query(client, held),
                judge=lambda answered: judge_inquiry(
                    kind, answered.reply.code, answered.facts, amount_fen=_amount(held), lag_over=lag_over
                ),
                source=Source.INQUIRY,
                base_url=client.merchant.base_url,
            )
            passage.call = asked.call
        reach(Seam.INQUIRY_READ)
        self._journal.write(asked.call, asked.traceparent)
        return asked.outcome

    async def _query(self, client: GatewayClient, held: Held) -> Answered:
        reply = await client.query(self._flow.question(held.operation))
        facts = Facts(
            down_code=reply.down_code,
            third_code=reply.third_code,
            channel_type=reply.channel_type,
            amount_fen=reply.amount_fen,
            gateway_state=reply.state,
        )
        return Answered(reply, facts)


def _amount(held: Held) -> Fen:
    """Give the amount the gateway should speak of: the trade's; a cancel has none of its own."""
    operation: Any = held.operation
    return held.trade.trade.amount_fen if held.trade else operation.amount_fen
