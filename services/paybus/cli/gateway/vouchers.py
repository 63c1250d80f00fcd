"""`paybus write-off`: issue, redeem, look up, cancel and list vouchers."""

from collections.abc import Awaitable
from typing import Any, Final

from rich.console import RenderableType
import typer

from paybus.cli.errors import CliError
from paybus.cli.gateway import moment
from paybus.cli.gateway.caller import Caller
from paybus.cli.gateway.display import facts, listing, yuan
from paybus.cli.gateway.question import Fields, Option, Question
from paybus.gateway.dictionary import VOUCHER_STATES
from paybus.gateway.reply import Reply
from paybus.gateway.voucher import IssueReply, ListReply, Redemption, VoucherReply
from paybus.gateway.voucher_request import (
    CancelRequest,
    IssueRequest,
    ListRequest,
    LookUpRequest,
    RedeemRequest,
)
from paybus.gateway.write_off import Places


def read_places(fields: Fields) -> Fields:
    """Read each `ID,ID=N`: so often at these merchants; raises CliError."""
    return {**fields, "places": tuple(map(_place, fields["places"] or ()))}


def _issue(caller: Caller, fields: Fields) -> Awaitable[IssueReply]:
    everywhere = Places(
        merchant_ids=(caller.merchant.merchant_id,), verify_number=fields["total_verify_number"]
    )
    places = fields.pop("places") or (everywhere,)
    return caller.vouchers.issue(IssueRequest(places=places, **fields))


def _place(text: str) -> Places:
    merchants, equals, number = text.rpartition("=")
    ids = tuple(one.strip() for one in merchants.split(",") if one.strip())
    if not equals or not ids or not number.isdecimal() or int(number) < 1:
        raise CliError(f"--place {text}: write MERCHANT=TIMES or MERCHANT,MERCHANT=TIMES")
    return Places(merchant_ids=ids, verify_number=int(number))


def _issued(reply: IssueReply) -> RenderableType:
    return facts([("code", reply.verify_code)])


def _voucher(reply: VoucherReply) -> RenderableType:
    voucher = reply.voucher
    if voucher is None:
        return facts([("voucher", "nothing is told of it")])
    return facts(
        [
            ("goods", voucher.goods_name),
            ("count", _shown(voucher.goods_count)),
            ("kind", voucher.goods_spec),
            ("amount", yuan(voucher.amount_fen)),
            ("redeemed", _shown(voucher.used_time)),
            ("state", VOUCHER_STATES.label_of(voucher.is_active)),
            ("good until", voucher.order_validity),
            ("sold", voucher.order_date),
            ("trade code", voucher.trade_code),
            ("serial", voucher.verify_serial),
            ("remarks", voucher.remarks),
        ]
    )


def _cancelled(_reply: Reply) -> RenderableType:
    return facts([("voucher", "cancelled")])


def _redemptions(reply: ListReply) -> RenderableType:
    names = ("serial", "redeemed", "code", "goods", "amount", "trade code")
    return listing(names, map(_row, reply.redemptions))


def _row(redemption: Redemption) -> list[str | None]:
    told = [redemption.verify_serial, redemption.verify_date, redemption.verify_code]
    voucher = redemption.voucher
    return (
        told if voucher is None else [*told, voucher.goods_name, yuan(voucher.amount_fen), voucher.trade_code]
    )


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _needed(flag: str, text: str) -> Option:
    return Option(str, typer.Option(..., flag, help=text))


def _perhaps(flag: str, text: str) -> Option:
    return Option(str | None, typer.Option(None, flag, help=text))


def _count(flag: str, text: str, default: Any = ...) -> Option:
    kind: Any = int if default is not None else int | None
    return Option(kind, typer.Option(default, flag, min=1, metavar="N", help=text))


_TRADE_CODE: Final = Option(
    str, typer.Argument(..., metavar="TRADE_CODE", help="The merchant's own number of the sale.")
)
_CODE: Final = Option(str, typer.Argument(..., metavar="CODE", help="The code that was handed out."))
_DEVICE: Final = _needed("--device", "The till.")
_PLACE: Final = Option(
    list[str],
    typer.Option(
        None, "--place", metavar="ID[,ID]=N", help="N times at these merchants, repeatable; else at ours."
    ),
)

ISSUE: Final = Question(
    name="issue",
    help="Issue a code for goods that were sold.",
    options={
        "trade_code": _TRADE_CODE,
        "goods_name": _needed("--goods-name", "What was sold."),
        "goods_code": _needed("--goods-code", "The number of the product."),
        "goods_count": _count("--goods-count", "How many of it.", 1),
        "total_verify_number": _count("--times", "How often the code may be redeemed in all."),
        "places": _PLACE,
        "amount_fen": _count("--amount-fen", "What was paid for it, in fen.", None),
        "order_date": moment.perhaps("--sold-at", "When it was sold"),
        "order_validity": moment.perhaps("--valid-until", "How long the code is good"),
        "goods_spec": _perhaps("--goods-spec", "Which kind of it."),
        "remarks": _perhaps("--remarks", "Anything else."),
    },
    ask=_issue,
    picture=_issued,
    prepare=read_places,
)
REDEEM: Final = Question(
    name="redeem",
    help="Redeem a code at a till.",
    options={
        "verify_code": _CODE,
        "device_code": _DEVICE,
        "immediate_confirm": Option(
            str, typer.Option("1", "--confirm", help="immedyConfirm, whose other values nobody documents.")
        ),
    },
    ask=lambda caller, fields: caller.vouchers.redeem(RedeemRequest(**fields)),
    picture=_voucher,
)
LOOK_UP: Final = Question(
    name="look-up",
    help="Ask for the goods of a sale.",
    options={"trade_code": _TRADE_CODE},
    ask=lambda caller, fields: caller.vouchers.look_up(LookUpRequest(**fields)),
    picture=_voucher,
)
CANCEL: Final = Question(
    name="cancel",
    help="Make a code worthless.",
    options={"trade_code": _TRADE_CODE, "verify_code": _needed("--code", "The code that was handed out.")},
    ask=lambda caller, fields: caller.vouchers.cancel(CancelRequest(**fields)),
    picture=_cancelled,
)
LIST: Final = Question(
    name="list",
    help="List one page of what a till redeemed between two times.",
    options={
        "device_code": _DEVICE,
        "begin": moment.FIRST,
        "end": moment.LAST,
        "page_number": _count("--page", "From 1.", 1),
        "page_size": _count("--page-size", "Redemptions in a page.", 50),
        "verify_serial": _perhaps("--serial", "Only this one."),
        "verify_code": _perhaps("--code", "Only of this code."),
    },
    ask=lambda caller, fields: caller.vouchers.list(ListRequest(**fields)),
    picture=_redemptions,
)
