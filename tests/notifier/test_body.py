"""A body is read to its end, within limits of size and time."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive

from paybus.gateway.callback import MAX_CALLBACK_BYTES
from paybus.gateway.errors import CallbackRefusedError
from paybus.notifier import body as module
from paybus.notifier.body import read_body
from paybus.notifier.errors import BrokenOffError

SCOPE = {"type": "http", "headers": [(b"host", b"x")]}
HALF = {"type": "http.request", "body": b"half", "more_body": True}
END = {"type": "http.request", "body": b"end"}
GONE = {"type": "http.disconnect"}


def arriving(*messages: Message) -> Receive:
    """Give these messages, and then nothing for ever."""
    coming = list(messages)

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    return receive


async def refusal(scope: dict[str, object], messages: Sequence[Message]) -> tuple[str, int]:
    """Give why and with what status it is refused."""
    with pytest.raises(CallbackRefusedError) as caught:
        await read_body(scope, arriving(*messages))
    return caught.value.reason, caught.value.http_status


async def test_the_parts_make_the_whole() -> None:
    """However it is cut on the way, the body is what was sent."""
    assert await read_body(SCOPE, arriving(HALF, HALF, END)) == b"halfhalfend"
    assert await read_body(SCOPE, arriving({"type": "http.request"})) == b""


async def test_the_limit_itself_is_allowed() -> None:
    """Exactly as much as is allowed is read; one byte more is not."""
    whole = {"type": "http.request", "body": b"x" * MAX_CALLBACK_BYTES, "more_body": True}
    rest = {"type": "http.request", "body": b""}
    assert len(await read_body(SCOPE, arriving(whole, rest))) == MAX_CALLBACK_BYTES
    assert await refusal(SCOPE, [whole, END]) == ("body_too_large", 413)


async def test_what_says_that_it_is_too_large_is_not_read() -> None:
    """A length above the limit is believed: nothing is read and nothing held."""
    scope = {"type": "http", "headers": [(b"content-length", str(MAX_CALLBACK_BYTES + 1).encode())]}
    assert await refusal(scope, []) == ("body_too_large", 413)


async def test_who_goes_away_has_sent_nothing() -> None:
    """Half a body is no body."""
    with pytest.raises(BrokenOffError):
        await read_body(SCOPE, arriving(HALF, GONE))


async def test_who_stops_sending_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that stays open in the middle of a body is given up."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.01)
    assert await refusal(SCOPE, [HALF]) == ("body_too_slow", 408)
