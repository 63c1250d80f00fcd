"""Which operation a request is for: method, path and what is particular about it (docs/protocol.md §5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from paybus.gateway.write_off import WriteOff
from paybus.sandbox.admission import Asked, Merchants, admit_get, admit_post
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations import account, batch_query, cancel, channels, pay, precreate, query, refund
from paybus.sandbox.operations.write_off import write_off
from paybus.sandbox.reply import Answer, with_result
from paybus.sandbox.request import Request

BASES: Final = (b"/openGateway/openService/", b"/openGateway/verifyService/")
"""Where operations are. Nobody knows the write-off client's real base, so both will do for it."""

MerchantOf = Callable[[Request], str | None]
Act = Callable[[Gateway, Asked], Awaitable[Answer]]
Texts = Callable[[Request], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation.

    `root` is that of its reply, `segments` how many there are in its path behind the name,
    `merchant_of` finds whose key a reply is encrypted with, `admit` says who is let in, `act` what is
    done, `write` what an answer's members are.
    """

    name: str
    root: str
    segments: int
    merchant_of: MerchantOf
    admit: Callable[[Request, Merchants], Asked]
    act: Act
    write: Callable[[Answer], Mapping[str, Any]] = with_result


def _in_query(request: Request) -> str | None:
    return request.parameters.get("busiCode") or None


def _in_path(request: Request) -> str | None:
    return request.segments[-1]


def _post(name: str, root: str, act: Act) -> Route:
    return Route(name=name, root=root, segments=0, merchant_of=_in_query, admit=admit_post, act=act)


def _get(name: str, root: str, act: Act, texts: Texts, segments: int) -> Route:
    merchant_of = _in_path if segments else _in_query

    def admit(request: Request, merchants: Merchants) -> Asked:
        return admit_get(request, merchants, merchant_of(request), texts)

    return Route(name=name, root=root, segments=segments, merchant_of=merchant_of, admit=admit, act=act)


def _account(name: str, act: Act) -> Route:
    return Route(
        name=name, root="", segments=0, merchant_of=_in_query,
        admit=account.admit, act=act, write=account.write,
    )  # fmt: skip


def _write_off(operation: WriteOff) -> Route:
    return Route(
        name=f"write_off_{operation.path}",
        root="",
        segments=0,
        merchant_of=_in_query,
        admit=partial(admit_post, merchant_member="BUSICODE"),
        act=partial(write_off, operation=operation),
    )


_BATCH: Final = Route(
    name="batch_query", root="ServiceResult", segments=0, merchant_of=_in_query,
    admit=lambda request, merchants: admit_get(
        request, merchants, _in_query(request), batch_query.signed_texts
    ),
    act=batch_query.batch_query, write=batch_query.write,
)  # fmt: skip

_OPEN_SERVICE: Final[dict[tuple[str, bytes], Route]] = {
    ("POST", b"preOrder"): _post("pay", "ORDER_RESP", pay.pay),
    ("POST", b"order"): _post("order", "ORDER_RESP", precreate.precreate),
    ("POST", b"refund"): _post("refund", "REFUND_RESP", refund.refund),
    ("GET", b"query"): _get("query", "QUERY_RESP", query.query, query.signed_texts, 2),
    ("GET", b"cancelTrade"): _get("cancel", "CANCELTRADE_RESP", cancel.cancel, cancel.signed_texts, 2),
    ("GET", b"queryTrades"): _BATCH,
    ("GET", b"payChannel"): _get("channels", "PAY_CHANNEL_RESP", channels.channels, channels.signed_texts, 1),
    ("GET", b"auth"): _account("auth", account.auth),
    ("GET", b"login"): _account("login", account.login),
}
_VERIFY_SERVICE: Final[dict[tuple[str, bytes], Route]] = {
    ("POST", operation.path.encode()): _write_off(operation) for operation in WriteOff
}
_ROUTES: Final = dict(zip(BASES, (_OPEN_SERVICE | _VERIFY_SERVICE, _VERIFY_SERVICE), strict=True))


def find(method: str, raw_path: bytes) -> tuple[Route, list[bytes]] | None:
    """Give the operation of a path and the segments behind its name."""
    for base, routes in _ROUTES.items():
        if raw_path.startswith(base):
            name, *segments = raw_path[len(base) :].split(b"/")
            route = routes.get((method, name))
            return (route, segments) if route is not None and len(segments) == route.segments else None
    return None
