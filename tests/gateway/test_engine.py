"""An engine sends once, delivers to the caller who asked, and says what it knows: for every engine."""

import asyncio
import socket
import struct

import httpx
import pytest
from tests.gateway.loopback import Loopback, answer

from paybus.gateway.engine import PyreqwestEngine, ReplyTooLargeError, make_engine


def post(loopback: Loopback, body: bytes = b"{}") -> httpx.Request:
    """Make a POST to the loopback server."""
    return httpx.Request("POST", loopback.base_url + "preOrder", content=body)


async def body_of(engine: httpx.AsyncBaseTransport, request: httpx.Request) -> bytes:
    """Send and read the whole body."""
    response = await engine.handle_async_request(request)
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def test_request_arrives_as_it_is(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """Method, target, headers and body arrive unchanged, the target's raw colon included."""
    loopback.replies(answer('{"A":1}'))
    request = httpx.Request(
        "POST",
        loopback.base_url,
        headers={"X-Test": "1"},
        content="嗖".encode(),
        extensions={"target": b"/base/order?sign=ab:12&_type=json&c=%E5%97%96+x"},
    )
    response = await engine.handle_async_request(request)
    assert await response.aread() == b'{"A":1}'
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    head, _, body = loopback.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /base/order?sign=ab:12&_type=json&c=%E5%97%96+x HTTP/1.1\r\n")
    assert b"x-test: 1" in head.lower()
    assert b"content-length: 3" in head.lower()
    assert b"transfer-encoding" not in head.lower()
    assert head.lower().count(b"\r\nhost: ") == 1
    assert body == "嗖".encode()


async def test_get_has_no_body(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """A GET carries neither a body nor a length."""
    loopback.replies(answer("{}"))
    await body_of(engine, httpx.Request("GET", loopback.base_url))
    assert b"content-length" not in loopback.requests[0].lower()


async def test_connections_are_kept(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """Calls one after another use one connection."""
    loopback.replies(answer("{}"))
    for _ in range(3):
        await body_of(engine, post(loopback))
    assert (loopback.connections, len(loopback.requests)) == (1, 3)


async def test_refused_connection(engine: httpx.AsyncBaseTransport) -> None:
    """Nobody listening is a ConnectError: not a byte was sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(httpx.ConnectError):
            await engine.handle_async_request(
                httpx.Request("POST", f"http://127.0.0.1:{port}/", content=b"x")
            )


async def test_unknown_host(engine: httpx.AsyncBaseTransport) -> None:
    """A name that does not resolve is a ConnectError: not a byte was sent."""
    with pytest.raises(httpx.ConnectError):
        await engine.handle_async_request(httpx.Request("POST", "http://gateway.invalid/", content=b"x"))


async def test_connect_timeout() -> None:
    """A connection that is not accepted in time is a ConnectTimeout: not a byte was sent."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # fill the queue of connections to accept
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        engine = PyreqwestEngine(connect_seconds=0.2)
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with pytest.raises(httpx.ConnectTimeout):
            await engine.handle_async_request(httpx.Request("POST", url, content=b"x"))
        await engine.aclose()
        for one in waiting:
            one.close()


async def test_no_repeat_when_the_server_hangs_up(
    engine: httpx.AsyncBaseTransport, loopback: Loopback
) -> None:
    """A POST whose connection is closed before the answer is an error and is sent exactly once."""

    async def hang_up(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    loopback.behaviour = hang_up
    with pytest.raises(httpx.TransportError) as caught:
        await body_of(engine, post(loopback))
    assert not isinstance(caught.value, httpx.ConnectError | httpx.TimeoutException)
    assert len(loopback.requests) == 1


async def test_no_repeat_when_a_kept_connection_breaks(
    engine: httpx.AsyncBaseTransport, loopback: Loopback
) -> None:
    """A POST that was read on a kept connection and not answered is an error, and is not sent again."""

    async def answer_once_then_hang_up(_request: bytes, writer: asyncio.StreamWriter) -> None:
        if len(loopback.requests) % 2:
            writer.write(answer("{}"))
        else:
            writer.close()

    loopback.behaviour = answer_once_then_hang_up
    for round_number in range(1, 6):
        await body_of(engine, post(loopback))
        with pytest.raises(httpx.TransportError) as caught:
            await body_of(engine, post(loopback))
        assert not isinstance(caught.value, httpx.ConnectError | httpx.TimeoutException)
        assert len(loopback.requests) == 2 * round_number


async def test_a_stale_connection_is_replaced(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """A connection the server closed while it was idle costs nothing: each POST arrives exactly once."""

    async def answer_and_close(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("{}"))
        await writer.drain()
        writer.close()

    loopback.behaviour = answer_and_close
    for sent in range(1, 11):
        loopback.closed.clear()
        await body_of(engine, post(loopback))
        await loopback.closed.wait()
        assert len(loopback.requests) == sent


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", answer("{}" * 50)[:-10], b"nonsense\r\n\r\n"]
)
async def test_broken_replies(engine: httpx.AsyncBaseTransport, loopback: Loopback, reply: bytes) -> None:
    """A reply that ends early or is not HTTP is a transport error, and the POST was sent once."""

    async def answer_and_close(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    loopback.behaviour = answer_and_close
    with pytest.raises(httpx.TransportError) as caught:
        await body_of(engine, post(loopback))
    assert not isinstance(caught.value, httpx.ConnectError | httpx.TimeoutException)
    assert len(loopback.requests) == 1


async def test_a_reset_after_sending_is_no_connect_error(
    engine: httpx.AsyncBaseTransport, loopback: Loopback
) -> None:
    """A connection that is reset once the request was read is lost, not refused: money may have moved."""

    async def reset(_request: bytes, writer: asyncio.StreamWriter) -> None:
        peer: socket.socket = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    loopback.behaviour = reset
    with pytest.raises(httpx.TransportError) as caught:
        await body_of(engine, post(loopback))
    assert not isinstance(caught.value, httpx.ConnectError | httpx.TimeoutException)


async def test_an_abandoned_call_answers_nobody_else(
    engine: httpx.AsyncBaseTransport, loopback: Loopback
) -> None:
    """The late answer to an abandoned call never reaches another call, and it is not sent again."""
    read, release = asyncio.Event(), asyncio.Event()

    async def first_late(request: bytes, writer: asyncio.StreamWriter) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        if body == b"first":
            read.set()
            await release.wait()
        writer.write(answer(body))

    loopback.behaviour = first_late
    await body_of(engine, post(loopback, b"warm up"))  # so that the connection is a kept one
    first = asyncio.create_task(body_of(engine, post(loopback, b"first")))
    await read.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    release.set()
    for number in range(20):
        assert await body_of(engine, post(loopback, b"%d" % number)) == b"%d" % number
    assert [request.partition(b"\r\n\r\n")[2] for request in loopback.requests].count(b"first") == 1


async def test_an_abandoned_call_ends_with_its_time(
    engine: httpx.AsyncBaseTransport, loopback: Loopback
) -> None:
    """A call that was given up does not hold its connection longer than its own timeouts."""
    read = asyncio.Event()

    async def never_answer(_request: bytes, _writer: asyncio.StreamWriter) -> None:
        read.set()

    loopback.behaviour = never_answer
    timeout = {"connect": 0.1, "read": 0.1}
    request = httpx.Request("POST", loopback.base_url, content=b"x", extensions={"timeout": timeout})
    call = asyncio.create_task(body_of(engine, request))
    await read.wait()
    call.cancel()
    with pytest.raises((asyncio.CancelledError, httpx.ReadTimeout)):
        await call
    await loopback.closed.wait()


async def test_no_reply_in_time(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """A request that is not answered within its timeouts is a ReadTimeout: it was sent."""

    async def never_answer(_request: bytes, _writer: asyncio.StreamWriter) -> None: ...

    loopback.behaviour = never_answer
    timeout = {"connect": 0.1, "read": 0.1}
    with pytest.raises(httpx.ReadTimeout):
        await body_of(
            engine,
            httpx.Request("POST", loopback.base_url, content=b"x", extensions={"timeout": timeout}),
        )
    assert len(loopback.requests) == 1


async def test_redirects_are_not_followed(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """A redirect is a reply like any other: the request is not sent anywhere else."""
    loopback.replies(b"HTTP/1.1 307 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    response = await engine.handle_async_request(post(loopback))
    assert response.status_code == 307
    await response.aclose()
    assert len(loopback.requests) == 1


async def test_reply_size_is_bounded(loopback: Loopback) -> None:
    """A reply above the limit is refused while it is read, with and without a declared length."""
    engine = PyreqwestEngine(max_reply_bytes=1000)
    for reply in (answer("x" * 1001), b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001):

        async def send(_request: bytes, writer: asyncio.StreamWriter, reply: bytes = reply) -> None:
            writer.write(reply)
            await writer.drain()
            writer.close()

        loopback.behaviour = send
        with pytest.raises(ReplyTooLargeError):
            await body_of(engine, post(loopback))
    loopback.replies(answer("x" * 1000))
    assert len(await body_of(engine, post(loopback))) == 1000
    await engine.aclose()


async def test_nothing_is_decompressed(engine: httpx.AsyncBaseTransport, loopback: Loopback) -> None:
    """No compression is asked for: a small reply cannot become a large one."""
    loopback.replies(answer("{}"))
    await body_of(engine, post(loopback))
    assert b"accept-encoding" not in loopback.requests[0].lower()


async def test_errors_do_not_show_the_sign(engine: httpx.AsyncBaseTransport) -> None:
    """No error text, nor that of any error it was raised from, holds the URL with the sign."""
    request = httpx.Request(
        "POST", "http://gateway.invalid/", content=b"x", extensions={"target": b"/a?sign=0123abcd"}
    )
    with pytest.raises(httpx.TransportError) as caught:
        await engine.handle_async_request(request)
    error: BaseException | None = caught.value
    while error is not None:
        assert "0123abcd" not in str(error)
        error = error.__cause__


def test_engines_by_name() -> None:
    """The engine is a setting with two values."""
    assert isinstance(make_engine("pyreqwest"), PyreqwestEngine)
    assert isinstance(make_engine("httpcore"), httpx.AsyncHTTPTransport)
