"""Which operation a request is for: method, path and what is particular about it (docs/protocol.md §5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from paybus.sandbox.admission import Asked, Merchants, admit_get, admit_post
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations import cancel, pay, precreate, query, refund
from paybus.sandbox.reply import Answer
from paybus.sandbox.request import Request

BASE: Final = b"/openGateway/openService/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: root of its reply, path segments behind its name, who is let in, what is done."""

    name: str
    root: str
    segments: int
    merchant_of: Callable[[Request], str | None]
    admit: Callable[[Request, Merchants], Asked]
    act: Callable[[Gateway, Asked], Awaitable[Answer]]


def in_query(request: Request) -> str | None:
    """Take the merchant from the query."""
    return request.parameters.get("busiCode") or None


def in_path(request: Request) -> str | None:
    """Take the merchant from the path's last segment."""
    return request.segments[-1]


def _post(name: str, root: str, act: Callable[[Gateway, Asked], Awaitable[Answer]]) -> Route:
    return Route(name=name, root=root, segments=0, merchant_of=in_query, admit=admit_post, act=act)


def _get(
    name: str,
    root: str,
    act: Callable[[Gateway, Asked], Awaitable[Answer]],
    texts: Callable[[Request], list[str]],
) -> Route:
    admit = partial(_admit_by_path, texts=texts)
    return Route(name=name, root=root, segments=2, merchant_of=in_path, admit=admit, act=act)


def _admit_by_path(request: Request, merchants: Merchants, *, texts: Callable[[Request], list[str]]) -> Asked:
    return admit_get(request, merchants, in_path(request), texts)


ROUTES: Final[Mapping[tuple[str, bytes], Route]] = {
    ("POST", BASE + b"preOrder"): _post("pay", "ORDER_RESP", pay.pay),
    ("POST", BASE + b"order"): _post("order", "ORDER_RESP", precreate.precreate),
    ("POST", BASE + b"refund"): _post("refund", "REFUND_RESP", refund.refund),
    ("GET", BASE + b"query"): _get("query", "QUERY_RESP", query.query, query.signed_texts),
    ("GET", BASE + b"cancelTrade"): _get("cancel", "CANCELTRADE_RESP", cancel.cancel, cancel.signed_texts),
}


def find(method: str, raw_path: bytes) -> tuple[Route, list[bytes]] | None:
    """Give the operation of a path and the segments behind its name."""
    if not raw_path.startswith(BASE):
        return None
    name, *segments = raw_path[len(BASE) :].split(b"/")
    route = ROUTES.get((method, BASE + name))
    return (route, segments) if route is not None and len(segments) == route.segments else None
