"""What is not believed is refused: with a status, a reason, a line in the log, and nothing in the ledger."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
from prometheus_client import CollectorRegistry
import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from tests.notifier.books import asked_for, snapshot
from tests.notifier.house import MERCHANTS, OTHER, OURS, Receiving, listening, signed, told

from paybus.gateway.callback import MAX_CALLBACK_BYTES, OutgoingCallback
from paybus.ledger.callback import Delivery
from paybus.ledger.pool import Pool
from paybus.notifier.receiver import Receiver
from paybus.telemetry.metrics.notifier import CallbackMetrics
from paybus.trades.notice import Receipt

OUR_ADDRESS = OURS.merchant_id
REFUSED: dict[str, tuple[OutgoingCallback, str, int, str]] = {
    "forged": (told(key="0" * 32), OUR_ADDRESS, 401, "sign_wrong"),
    "unsigned": (OutgoingCallback("http://x/?_type=json", {}, told().body), OUR_ADDRESS, 401, "sign_missing"),
    "sign of another form": (
        OutgoingCallback("http://x/?sign=x", {}, told().body), OUR_ADDRESS, 401, "sign_malformed",
    ),
    "truncated": (OutgoingCallback(told().url, {}, told().body[:-9]), OUR_ADDRESS, 401, "sign_wrong"),
    "extended": (OutgoingCallback(told().url, {}, told().body + b"{}"), OUR_ADDRESS, 401, "sign_wrong"),
    "empty": (OutgoingCallback(told().url, {}, b""), OUR_ADDRESS, 400, "body_empty"),
    "oversized": (signed(b"x" * (MAX_CALLBACK_BYTES + 1)), OUR_ADDRESS, 413, "body_too_large"),
    "not UTF-8": (signed(b"\xff"), OUR_ADDRESS, 400, "not_utf8"),
    "not encrypted": (
        OutgoingCallback(f"{told().url}&encrypt=3DES", {}, told().body), OUR_ADDRESS, 400, "not_decryptable",
    ),
    "no document": (signed(b"{"), OUR_ADDRESS, 400, "document_malformed"),
    "two documents": (signed(b"{}{}"), OUR_ADDRESS, 400, "document_malformed"),
    "with a DTD": (
        signed(b'<!DOCTYPE a [<!ENTITY b "1">]><PAY_NODIFY><STATE>&b;</STATE></PAY_NODIFY>'),
        OUR_ADDRESS, 400, "document_malformed",
    ),
    "without an amount": (told(amt=None), OUR_ADDRESS, 400, "member_missing"),
    "an amount in yuan": (told(amt="158.25"), OUR_ADDRESS, 400, "member_unreadable"),
    "a number with a NUL": (told("C\0001"), OUR_ADDRESS, 400, "member_unreadable"),
    "a number without end": (told("C" * 129), OUR_ADDRESS, 400, "member_unreadable"),
    "a state without end": (told(state=2**40), OUR_ADDRESS, 400, "member_unreadable"),
    "at another's address": (told(), OTHER.merchant_id, 401, "sign_wrong"),
    "of another merchant": (told(busi_id=OTHER.merchant_id), OUR_ADDRESS, 403, "other_merchant"),
    "at nobody's address": (told(), "0019999999", 404, "merchant_unknown"),
    "below an address": (told(), f"{OUR_ADDRESS}/x", 404, "merchant_unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_believed_changes_nothing(pool: Pool, receiver: Receiving, name: str) -> None:
    """It is refused with a status that makes the gateway come again, and a reason; nothing is kept of it."""
    callback, merchant_id, status, reason = REFUSED[name]
    await asked_for(pool)
    before = await snapshot(pool)
    with capture_logs() as lines:
        answer = await receiver.post(callback, merchant_id)
    assert (answer.status_code, answer.text) == (status, reason)
    assert answer.headers["content-type"] == "text/plain;charset=UTF-8"
    assert await snapshot(pool) == before
    assert receiver.verdicts() == {"refused": 1}
    (line,) = lines
    assert (line["event"], line["reason"], line["remote"]) == ("callback.refused", reason, "127.0.0.1")
    secrets = {OURS.key, urlsplit(callback.url).query.partition("sign=")[2][:32]} - {""}
    assert not [secret for secret in secrets if secret in str(line) + answer.text and len(secret) > 1]
    assert (await receiver.post(told())).text == "SUCCESS"  # the next one is as good as ever


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_a_callback(receiver: Receiving, method: str) -> None:
    """Any other method is told which one is allowed."""
    answer = await receiver.http.request(
        method, f"http://127.0.0.1:{receiver.port}/callbacks/{OURS.merchant_id}"
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert receiver.verdicts() == {"refused": 1}


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(receiver: Receiving) -> None:
    """Who does not say how much he sends is cut off at the limit, and his connection closed."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    url = f"http://127.0.0.1:{receiver.port}/callbacks/{OURS.merchant_id}?{urlsplit(told().url).query}"
    try:
        answer = await receiver.http.post(url, content=endless())
    except httpx.TransportError:
        pass  # it was closed while we wrote
    else:
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert receiver.verdicts() == {"refused": 1}


async def test_who_goes_away_is_not_waited_for() -> None:
    """A connection that ends in the middle of a body leaves nothing behind but a line in the log."""

    async def store(_delivery: Delivery) -> Receipt:
        raise AssertionError("there is nothing to be stored")

    ended = asyncio.Event()
    receiver = Receiver(MERCHANTS, store, CallbackMetrics(CollectorRegistry()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receiver(scope, receive, send)
        ended.set()

    async with listening(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /callbacks/{OURS.merchant_id}?sign=x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        with capture_logs() as lines:
            writer.write(head.encode() + b"half of it")
            await writer.drain()
            writer.close()
            await ended.wait()
    assert [line["event"] for line in lines] == ["callback.broken_off"]
