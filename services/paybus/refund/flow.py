"""refund at the gateway: always under a number of our own, so that its fate can be asked."""

from paybus.contracts.command import RefundCommand
from paybus.execution.flow import Answered, Flow
from paybus.gateway.client import GatewayClient
from paybus.gateway.query import By, QueryRequest
from paybus.gateway.refund import RefundRequest
from paybus.ledger.held import Held
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Facts


async def _send(client: GatewayClient, command: RefundCommand, _held: Held) -> Answered:
    reply = await client.refund(
        RefundRequest(
            refund_number=command.out_refund_no,
            charge_code=command.charge_code,
            amount_fen=Fen(command.amount_fen),
            subject=command.subject,
            oper_id=command.oper_id,
            dev_id=command.dev_id,
        )
    )
    # AMT is left out: whether it is the refunded or the whole amount is not documented.
    facts = Facts(down_code=reply.down_code, third_code=reply.third_code, channel_type=reply.channel_type)
    return Answered(reply, facts)


def _question(operation: Operation) -> QueryRequest:
    return QueryRequest(code=operation.key, by=By.REFUND_NUMBER)


REFUND = Flow(kind=Kind.REFUND, operation_name=lambda _command: "refund", send=_send, question=_question)
