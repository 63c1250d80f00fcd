"""The sandbox over HTTP: finds the operation, admits the request, sends the reply or spoils it."""

from starlette.types import ASGIApp, Receive, Scope, Send

from paybus.sandbox.admission import envelope_of
from paybus.sandbox.connection import hang_up
from paybus.sandbox.errors import CutError, RefusalError, SpoiltError
from paybus.sandbox.fault import Fault
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.reply import Answer, Envelope, Reply, write_content
from paybus.sandbox.request import MAX_BODY_BYTES, Request, read_parameters, read_segments
from paybus.sandbox.route import Route, find
from paybus.sandbox.spoiling import UNKNOWN_CODE, send_reply, send_spoilt

_PLAIN = b"text/plain;charset=UTF-8"
_NOT_FOUND = Reply(404, _PLAIN, b"no such operation")
_TOO_LARGE = Reply(413, _PLAIN, b"the body is too large")
_NOTHING = Reply(503, _PLAIN, b"")


class Application:
    """The ASGI application: the gateway's operations by hand, everything else by *others*."""

    def __init__(self, gateway: Gateway, others: ASGIApp) -> None:
        self._gateway = gateway
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["raw_path"].startswith(b"/openGateway/"):
            await self._others(scope, receive, send)
            return
        found = find(scope["method"], scope["raw_path"])
        body = await _read_body(receive)
        if body is None:
            await send_reply(_TOO_LARGE, send)
        elif found is None:
            await send_reply(_NOT_FOUND, send)
        else:
            await self._serve(*found, body, (scope, receive, send))

    async def _serve(
        self, route: Route, segments: list[bytes], body: bytes, connection: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, _send = connection
        try:
            reply, fault = await self._reply(route, scope, segments, body)
        except CutError:
            await hang_up(scope, receive)
        else:
            await send_spoilt(fault, reply, connection)

    async def _reply(
        self, route: Route, scope: Scope, segments: list[bytes], body: bytes
    ) -> tuple[Reply, Fault | None]:
        gateway, envelope = self._gateway, Envelope()
        gateway.books.requests[route.name] += 1
        try:
            request = Request(
                segments=read_segments(segments),
                parameters=read_parameters(scope["query_string"]),
                body=body,
                host=_host(scope),
            )
            envelope = envelope_of(request, route.merchant_of(request), gateway.merchants)
            answer = await route.act(gateway, route.admit(request, gateway.merchants))
        except RefusalError as refusal:
            gateway.books.refusals[refusal.code] += 1
            answer = Answer(refusal.code, refusal.info)
        except SpoiltError as spoilt:
            return _NOTHING, spoilt.fault
        return _written(route, answer, envelope), answer.fault


def _written(route: Route, answer: Answer, envelope: Envelope) -> Reply:
    if answer.fault is Fault.UNKNOWN_CODE:
        answer = Answer(UNKNOWN_CODE, "refused by risk control")
    return write_content(route.write(answer), route.root, envelope)


async def _read_body(receive: Receive) -> bytes | None:
    """Read the body, None if it is larger than allowed."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
    return body if len(body) <= MAX_BODY_BYTES else None


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value, "latin-1")
    return "127.0.0.1"
