"""The receiver: the gateway's callbacks over HTTP, as a plain ASGI app.

    POST /callbacks/{merchant_id}?...&sign=...

`SUCCESS` with status 200 means that the callback is in the ledger, its trade moved on and its events in the
outbox; any other status makes the gateway send it again (docs/protocol.md §6.2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.types import Receive, Scope, Send
import structlog

from paybus.gateway.callback import read_callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.gateway.merchant import Merchant
from paybus.ledger.callback import Delivery
from paybus.ledger.errors import LedgerError
from paybus.notifier.answer import SUCCESS, UNAVAILABLE, Answer, refusal
from paybus.notifier.body import read_body
from paybus.notifier.delivery import delivery_of
from paybus.notifier.errors import BrokenOffError
from paybus.notifier.refusal_log import RefusalLog
from paybus.notifier.spans import NOT_STORED, end_callback
from paybus.telemetry.metrics.notifier import CallbackMetrics
from paybus.telemetry.seam import Seam, reach
from paybus.telemetry.trace import SpanKind, begin_unplaced
from paybus.trades.notice import Receipt

PREFIX: Final = "/callbacks"
_ROUTE: Final = f"{PREFIX}/{{merchant_id}}"

STORE_SECONDS: Final = 4.0
"""Within the 5 s for which a stop waits for answers, and after which the gateway sends it again."""

_log = structlog.get_logger(__name__)

Store = Callable[[Delivery], Awaitable[Receipt]]


class Receiver:
    """Receives callbacks for *merchants*; *store* returns when one is durable and raises LedgerError."""

    def __init__(self, merchants: Mapping[str, Merchant], store: Store, metrics: CallbackMetrics) -> None:
        self._merchants = merchants
        self._store = store
        self._counters = metrics.callbacks
        self._duration = metrics.duration
        self._refusals = RefusalLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            with self._duration.time():
                answer = await self._take(scope, receive)
        except CallbackRefusedError as error:
            answer = self._refuse(scope, error)
        except BrokenOffError:
            self._note_refusal("callback.broken_off", scope)
            return
        await send(answer.start)
        await send(answer.body)
        reach(Seam.CALLBACK_ANSWERED)

    async def _take(self, scope: Scope, receive: Receive) -> Answer:
        span = begin_unplaced("callback", SpanKind.SERVER)
        merchant = self._addressee(scope)
        raw = await read_body(scope, receive)
        callback = read_callback(raw=raw, query=scope["query_string"].decode("latin-1"), merchant=merchant)
        delivery = delivery_of(callback, span)
        reach(Seam.CALLBACK_READ)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                receipt = await self._store(delivery)
        except (LedgerError, TimeoutError) as error:
            self._counters.of(NOT_STORED).inc()
            end_callback(delivery, NOT_STORED, _ROUTE)
            self._note_refusal("callback.unavailable", scope, reason=type(error).__name__)
            return UNAVAILABLE
        reach(Seam.CALLBACK_STORED)
        self._note(delivery, receipt)
        return SUCCESS

    def _addressee(self, scope: Scope) -> Merchant:
        if scope["method"] != "POST":
            raise CallbackRefusedError("method_not_allowed", http_status=405)
        merchant = self._merchants.get(_merchant_id(scope))
        if merchant is None:
            raise CallbackRefusedError("merchant_unknown", http_status=404)
        return merchant

    def _note(self, delivery: Delivery, receipt: Receipt) -> None:
        self._counters.of(receipt.value).inc()
        end_callback(delivery, receipt.value, _ROUTE)
        if receipt is Receipt.DISCREPANCY:
            merchant_id, charge_code = delivery.place
            _log.warning("callback.discrepancy", merchant_id=merchant_id, charge_code=charge_code)

    def _refuse(self, scope: Scope, error: CallbackRefusedError) -> Answer:
        self._counters.of("refused").inc()
        self._note_refusal("callback.refused", scope, reason=error.reason)
        return refusal(error)

    def _note_refusal(self, event: str, scope: Scope, *, reason: str | None = None) -> None:
        client = scope["client"]
        remote = client[0] if client else None
        self._refusals.note(event, merchant_id=_merchant_id(scope), remote=remote, reason=reason)


def _merchant_id(scope: Scope) -> str:
    """Give what stands in the path where a merchant should."""
    path: str = scope["path"]
    return path.removeprefix(f"{PREFIX}/")
