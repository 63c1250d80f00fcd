"""cancel at the gateway: revoked at once, or only applied for."""

from paybus.contracts.command import CancelCommand
from paybus.execution.flow import Answered, Flow
from paybus.gateway.cancel import CancelRequest
from paybus.gateway.client import GatewayClient
from paybus.gateway.query import QueryRequest
from paybus.ledger.held import Held
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Facts


async def _send(client: GatewayClient, command: CancelCommand, _held: Held) -> Answered:
    request = CancelRequest(charge_code=command.charge_code, application_only=command.method == "application")
    return Answered(await client.cancel(request), Facts())


def _question(operation: Operation) -> QueryRequest:
    return QueryRequest(code=operation.charge_code)


CANCEL = Flow(kind=Kind.CANCEL, operation_name=lambda _command: "cancel", send=_send, question=_question)
