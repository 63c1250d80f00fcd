"""Callbacks: POSTs to NODIFY_URL, repeated until one is answered with 200 (docs/protocol.md §6)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
import ipaddress
from typing import Final
from urllib.parse import urlsplit

import httpx

from paybus.gateway.callback import OutgoingCallback, write_callback
from paybus.gateway.errors import DocumentError
from paybus.gateway.merchant import Merchant
from paybus.sandbox.books import Books
from paybus.sandbox.entry import CallbackAttempt
from paybus.sandbox.notice import Notice, plan_notices
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Planner, Subject

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """How callbacks are sent. `hosts` are allowed besides loopback addresses, "*" allows all.

    `most_at_once` bounds open connections (a file descriptor each), `most_waiting` the callbacks that
    wait for a repetition (about 3 KB each).
    """

    interval_seconds: float = 5.0
    repetitions: int = 30
    hosts: frozenset[str] = frozenset()
    most_at_once: int = 500
    most_waiting: int = 50_000


class Callbacks:
    """Sends callbacks of one set of books through an engine that it does not own."""

    def __init__(
        self,
        rules: CallbackRules,
        merchants: Mapping[str, Merchant],
        planner: Planner,
        books: Books,
        engine: httpx.AsyncBaseTransport,
    ) -> None:
        self._rules = rules
        self._merchants = merchants
        self._planner = planner
        self._books = books
        self._engine = engine
        self._tasks: dict[asyncio.Task[None], Order] = {}
        self._open = asyncio.Semaphore(rules.most_at_once)

    @property
    def waiting(self) -> int:
        """How many callbacks are not delivered yet and not given up."""
        return len(self._tasks)

    def is_under_way(self, order: Order) -> bool:
        """Say whether a callback about *order* is not delivered yet and not given up."""
        return any(about is order for about in self._tasks.values())

    def notify(self, order: Order) -> None:
        """Tell the merchant that the order was paid, if he wanted to know."""
        wish = order.wish
        notify_url = wish.particulars.notify_url
        if notify_url is None:
            return
        plan = self._planner.plan(Subject("callback", wish.merchant_id, wish.charge_code, wish.amount_fen))
        notice = plan_notices(order, notify_url, self._merchants[wish.merchant_id].key, plan)
        if notice is not None:
            self.send(notice)

    def send(self, notice: Notice) -> None:
        """Begin to deliver a callback."""
        if not is_allowed(notice.notify_url, self._rules.hosts):
            self._note(notice, 1, None, "target_not_allowed")
        elif len(self._tasks) >= self._rules.most_waiting:
            self._note(notice, 1, None, "too_many_waiting")
        else:
            task = asyncio.create_task(self._deliver(notice))
            self._tasks[task] = notice.order
            task.add_done_callback(self._tasks.pop)

    def cut(self) -> None:
        """Give up everything that is not delivered."""
        for task in self._tasks:
            task.cancel()

    async def _deliver(self, notice: Notice) -> None:
        await asyncio.sleep(notice.after_seconds)
        for attempt in range(1, 2 if notice.once else self._rules.repetitions + 2):
            written = notice.verbatim or self._write(notice)
            if written is None:
                self._note(notice, attempt, None, "cannot_be_written")
                return
            async with self._open:
                status, error = await self._attempt(written)
            self._note(notice, attempt, status, error)
            if status == 200 or notice.once:
                if notice.then is not None:
                    replayed = written if notice.then.kind == "replayed" else None
                    self.send(replace(notice.then, verbatim=replayed))
                return
            await asyncio.sleep(self._rules.interval_seconds)

    def _write(self, notice: Notice) -> OutgoingCallback | None:
        """Write a callback, signed now; None for a subject in JSON that XML cannot hold."""
        url, now_ms = notice.notify_url, int(self._books.now() * 1000)
        try:
            return write_callback(notice.members, notify_url=url, key=notice.key, timestamp_ms=now_ms)
        except DocumentError:
            return None

    async def _attempt(self, written: OutgoingCallback) -> tuple[int | None, str | None]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS + READ_SECONDS):
                response = await self._engine.handle_async_request(_post(written))
                await response.aclose()
        except (httpx.TransportError, httpx.InvalidURL, TimeoutError) as error:
            return None, type(error).__name__
        return response.status_code, None

    def _note(self, notice: Notice, attempt: int, status: int | None, error: str | None) -> None:
        merchant_id, charge_code = notice.order.key
        self._books.note_callback(
            CallbackAttempt(
                merchant_id=merchant_id,
                charge_code=charge_code,
                kind=notice.kind,
                attempt=attempt,
                at=self._books.now(),
                status=status,
                error=error,
            )
        )


def is_allowed(url: str, hosts: frozenset[str]) -> bool:
    """Say whether a callback may go there: loopback always, elsewhere only if allowed by name."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not host or not url.isascii():
        return False
    return "*" in hosts or host in hosts or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _post(written: OutgoingCallback) -> httpx.Request:
    return httpx.Request(
        "POST",
        written.url,
        headers=written.headers,
        content=written.body,
        extensions={
            "timeout": {
                "connect": CONNECT_SECONDS,
                "pool": CONNECT_SECONDS,
                "read": READ_SECONDS,
                "write": READ_SECONDS,
            }
        },
    )
