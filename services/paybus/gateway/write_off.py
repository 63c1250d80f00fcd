"""write-off ("verify"): codes that are issued and redeemed for goods (docs/protocol.md §5.10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Any

from paybus.gateway.endpoint import Endpoint
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import present, require
from paybus.gateway.reply import Answer, Reply

_LIST = "queryResults"
_IN_URL = ("pageSize", "pageNo")  # of the list only; they stand in front of the sign


@unique
class WriteOff(Enum):
    """The five operations, with the members each requires."""

    ISSUE = (
        "get",
        (
            "busiCode",
            "tradeCode",
            "goodsName",
            "goodsCode",
            "goodsCount",
            "totalVerifyNumber",
            "busiCodeNums",
        ),
    )
    REDEEM = ("check", ("verifyCode", "deviceCode", "immedyConfirm"))
    LOOK_UP = ("query", ("busiCode", "tradeCode"))
    CANCEL = ("cancel", ("busiCode", "tradeCode", "verifyCode"))
    LIST = (_LIST, ("busiCode", "deviceCode", "beginVerDate", "endVerDate", "pageNo", "pageSize"))

    def __init__(self, path: str, required: tuple[str, ...]) -> None:
        self.path = path
        self.required = required


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many codes may be redeemed at which merchants."""

    merchant_ids: tuple[str, ...]
    verify_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffRequest:
    """One write-off operation; `members` has the protocol's names, texts only, times in China time."""

    operation: WriteOff
    members: Mapping[str, str]
    places: tuple[Places, ...] = ()
    notify_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffReply(Reply):
    """What the operation gives: a code, the goods of a code, or a list of redeemed codes."""

    verify_code: str | None
    goods: dict[str, Any] | None
    results: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class WriteOffPost:
    """A POST before it is signed: body and parameters."""

    members: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)


def write(request: WriteOffRequest, merchant: Merchant) -> tuple[Endpoint, WriteOffPost]:
    """Give endpoint and request; raises MissingParametersError."""
    operation = request.operation
    members: dict[str, Any] = {**present(request.members), "busiCode": merchant.merchant_id}
    if request.places:
        members["busiCodeNums"] = [
            {"busiCodes": list(place.merchant_ids), "verifyNumber": place.verify_number}
            for place in request.places
        ]
    require(members, operation.required)
    in_url = {name: members.pop(name) for name in _IN_URL if operation.path == _LIST}
    if request.notify_url:
        members["notifyURL"] = request.notify_url
    return Endpoint(name=f"write_off_{operation.path}", path=operation.path, root=""), WriteOffPost(
        members, in_url
    )


def read(answer: Answer) -> WriteOffReply:
    """Read the reply's members; there is no root."""
    members = answer.members
    goods = members.value("GOODSINFO")
    return WriteOffReply(
        verify_code=members.text("VERIFYCODE"),
        goods=goods if isinstance(goods, dict) else None,
        results=tuple(members.records("RESULTS")),
        **answer.head(),
    )
