"""How an answer is spoilt on its way to the caller."""

from typing import Final

from starlette.types import Receive, Scope, Send

from paybus.sandbox.connection import hang_up
from paybus.sandbox.fault import Fault
from paybus.sandbox.reply import Reply

UNKNOWN_CODE: Final = "RISK_CONTROL_0417"
"""A return code that no dictionary has."""

_HTML: Final = b"text/html;charset=UTF-8"
_PAGE: Final = b"<html><head><title>%s</title></head><body><center><h1>%s</h1></center></body></html>\n"
_GARBAGE: Final = bytes(range(255, 127, -1))  # neither UTF-8 nor Base64 nor a document


def _page(title: bytes) -> bytes:
    return _PAGE % (title, title)


_INSTEAD: Final = {
    Fault.ERROR_BEFORE: Reply(503, _HTML, _page(b"503 Service Temporarily Unavailable")),
    Fault.ERROR_AFTER: Reply(502, _HTML, _page(b"502 Bad Gateway")),
    Fault.HTML: Reply(200, _HTML, _page(b"System maintenance")),
    Fault.GARBAGE: Reply(200, b"application/json;charset=UTF-8", _GARBAGE),
}


async def send_spoilt(fault: Fault | None, reply: Reply, connection: tuple[Scope, Receive, Send]) -> None:
    """Send *reply* as *fault* lets it through."""
    scope, receive, send = connection
    match fault:
        case Fault.LOST_ANSWER:
            await hang_up(scope, receive)
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            await hang_up(scope, receive, reset=True)
        case Fault.TRUNCATED:
            await _start(reply, send)
            half = reply.body[: len(reply.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await hang_up(scope, receive, flush=True)
        case None:
            await send_reply(reply, send)
        case _:
            await send_reply(_INSTEAD.get(fault, reply), send)


async def send_reply(reply: Reply, send: Send) -> None:
    """Send a whole reply."""
    await _start(reply, send)
    await send({"type": "http.response.body", "body": reply.body})


async def _start(reply: Reply, send: Send) -> None:
    headers = [(b"content-type", reply.content_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
