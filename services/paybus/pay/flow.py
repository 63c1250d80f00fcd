"""pay at the gateway: `preOrder` for a scanned code, `order` for what the customer has to pay."""

from paybus.contracts.command import GoodsLine, PayCommand
from paybus.execution.flow import Answered, Flow
from paybus.gateway.client import GatewayClient
from paybus.gateway.order import OrderRequest, TradeType
from paybus.gateway.parameters import Goods
from paybus.gateway.pay import PayRequest
from paybus.gateway.query import QueryRequest
from paybus.ledger.held import Held
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Facts


def _operation_name(command: PayCommand) -> str:
    return "pay" if command.method == "barcode" else "order"


async def _send(client: GatewayClient, command: PayCommand, _held: Held) -> Answered:
    return await (_pay(client, command) if command.method == "barcode" else _order(client, command))


async def _pay(client: GatewayClient, command: PayCommand) -> Answered:
    reply = await client.pay(
        PayRequest(
            charge_code=command.charge_code,
            amount_fen=Fen(command.amount_fen),
            dynamic_id=command.auth_code or "",
            subject=command.subject,
            oper_id=command.oper_id,
            dev_id=command.dev_id,
            merchant_para=command.merchant_para,
            register_id=command.register_id,
            sub_appid=command.sub_appid,
            sub_openid=command.sub_openid,
            goods=_goods(command.goods),
        )
    )
    facts = Facts(
        down_code=reply.down_code,
        third_code=reply.third_code,
        channel_type=reply.channel_type,
        amount_fen=reply.amount_fen,
    )
    return Answered(reply, facts)


async def _order(client: GatewayClient, command: PayCommand) -> Answered:
    reply = await client.order(
        OrderRequest(
            charge_code=command.charge_code,
            amount_fen=Fen(command.amount_fen),
            channel_type=command.channel_type or 0,
            subject=command.subject,
            trade_type=TradeType(command.method.upper()),
            oper_id=command.oper_id,
            dev_id=command.dev_id,
            merchant_para=command.merchant_para,
            register_id=command.register_id,
            sub_appid=command.sub_appid,
            sub_openid=command.sub_openid,
            goods=_goods(command.goods),
        )
    )
    facts = Facts(
        down_code=reply.down_code, third_code=reply.third_code, bar_code=reply.bar_code, jsapi=reply.jsapi
    )
    return Answered(reply, facts)


def _goods(lines: tuple[GoodsLine, ...]) -> tuple[Goods, ...]:
    return tuple(
        Goods(
            goods_id=line.goods_id,
            name=line.name,
            category=line.category,
            price_fen=Fen(line.price_fen),
            subject=line.subject,
            quantity=line.quantity,
            show_url=line.show_url,
        )
        for line in lines
    )


def _question(operation: Operation) -> QueryRequest:
    return QueryRequest(code=operation.charge_code)


PAY = Flow(kind=Kind.PAY, operation_name=_operation_name, send=_send, question=_question)
