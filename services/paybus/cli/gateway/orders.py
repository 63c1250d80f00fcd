"""`paybus query`, `batch-query`, `channels`: what the gateway knows of orders, and how they can be paid."""

from collections.abc import Awaitable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text
import typer

from paybus.cli.gateway.caller import Caller
from paybus.cli.gateway.display import facts, funds, listing, yuan
from paybus.cli.gateway.moment import FIRST, LAST
from paybus.cli.gateway.question import Fields, Option, Question
from paybus.gateway.batch_query import BatchQueryReply, BatchQueryRequest, TradeRecord
from paybus.gateway.channels import ChannelsReply
from paybus.gateway.dictionary import CHANNELS, SCANS, STATES
from paybus.gateway.query import By, QueryReply, QueryRequest


def _ask_for_page(caller: Caller, fields: Fields) -> Awaitable[BatchQueryReply]:
    user_id = fields.pop("user_id") or caller.merchant.oper_id
    return caller.client.batch_query(BatchQueryRequest(user_id=user_id, **fields))


def _order(reply: QueryReply) -> RenderableType:
    goods = ", ".join(str(line.get("GOOD_NAME") or line.get("GOOD_ID") or "?") for line in reply.goods)
    return facts(
        [
            ("state", STATES.label_of(reply.state)),
            ("amount", yuan(reply.amount_fen)),
            ("paid by", funds(reply.fund_bills)),
            ("channel", CHANNELS.label_of(reply.channel_type)),
            ("subject", reply.subject),
            ("goods", goods),
            ("charge code", reply.charge_code),
            ("down code", reply.down_code),
            ("third code", reply.third_code),
            ("begun", reply.begin_time),
            ("ended", reply.end_time),
            ("operator", reply.oper_id),
            ("device", reply.dev_id),
            ("store", reply.register_id),
            ("merchant", reply.merchant_id),
            ("own words", reply.merchant_para),
        ]
    )


def _page(reply: BatchQueryReply) -> RenderableType:
    names = ("charge code", "state", "amount", "channel", "begun", "ended", "scan", "subject", "down code")
    told = (
        f"{len(reply.trades)} orders; the gateway counts {'nothing' if reply.count is None else reply.count}"
    )
    return Group(listing(names, map(_row, reply.trades)), Text(told, style="dim"))


def _row(trade: TradeRecord) -> list[str | None]:
    return [
        trade.charge_code,
        STATES.label_of(trade.state),
        yuan(trade.amount_fen),
        CHANNELS.label_of(trade.channel_type),
        trade.begin_time,
        trade.end_time,
        SCANS.name_of(trade.code_scan_type),
        trade.subject,
        trade.down_code,
    ]


def _channels(reply: ChannelsReply) -> RenderableType:
    return listing(
        ("channel", "the gateway's name", "place"),
        [
            (
                CHANNELS.label_of(channel.channel_type),
                channel.name,
                "" if channel.sort_number is None else str(channel.sort_number),
            )
            for channel in reply.channels
        ],
    )


def _number(default: int | None, flag: str, text: str, *, least: int = 0) -> Option:
    kind: Any = int if default is not None else int | None
    return Option(kind, typer.Option(default, flag, min=least, metavar="N", help=text))


QUERY: Final = Question(
    name="query",
    help="Ask the gateway what became of an order or a refund.",
    options={
        "code": Option(str, typer.Argument(..., metavar="CODE", help="The number of the order or refund.")),
        "by": Option(By, typer.Option(By.CHARGE_CODE, "--by", help="Whose number CODE is.")),
    },
    ask=lambda caller, fields: caller.client.query(QueryRequest(**fields)),
    picture=_order,
)
BATCH_QUERY: Final = Question(
    name="batch-query",
    help="List one page of the orders between two times.",
    options={
        "begin": FIRST,
        "end": LAST,
        "user_id": Option(
            str | None, typer.Option(None, "--user", metavar="NAME", help="The account; else the operator.")
        ),
        "state": _number(None, "--state", "Only orders in this state; 7 is refunded or revoked."),
        "channel_type": _number(0, "--channel", "Only of this channel; 0 is all."),
        "charge_code": Option(str | None, typer.Option(None, "--charge-code", help="Only this order.")),
        "page_number": _number(1, "--page", "From 1.", least=1),
        "page_size": _number(50, "--page-size", "Orders in a page.", least=1),
    },
    ask=_ask_for_page,
    picture=_page,
)
CHANNELS_OF_A_MERCHANT: Final = Question(
    name="channels",
    help="List how a merchant's customers can pay.",
    options={},
    ask=lambda caller, _fields: caller.client.channels(),
    picture=_channels,
)
