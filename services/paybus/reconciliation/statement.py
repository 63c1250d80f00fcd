"""The gateway's list of a day, page by page (docs/protocol.md §5.6)."""

from collections.abc import Callable
from typing import Final, Protocol

from paybus.gateway.batch_query import BatchQueryReply, BatchQueryRequest, TradeRecord
from paybus.gateway.china_time import read_time
from paybus.gateway.errors import GatewayError
from paybus.gateway.merchant import Merchant
from paybus.gateway.query import QueryReply, QueryRequest
from paybus.reconciliation.comparison import Shown
from paybus.reconciliation.day import MARGIN, BusinessDay
from paybus.reconciliation.errors import StatementError
from paybus.trades.return_code import NONEXISTENT, SUCCESS

PAGE_SIZE: Final = 100
"""Orders of about 500 bytes: a page is far below what we are willing to hold of one reply."""

MOST_PAGES: Final = 20_000
"""Two million orders a day: ten times what one merchant was ever asked for."""

TRIES: Final = 3
"""For each page: asking moves nothing, and one lost answer in thousands must not lose the day."""

Noted = Callable[[int], None]
"""Is told how many orders were read so far."""


class Lists(Protocol):
    """The part of a merchant's client that a comparison needs; it may take its time."""

    @property
    def merchant(self) -> Merchant:
        """For whom it asks."""

    async def query(self, request: QueryRequest) -> QueryReply:
        """Ask about one order. Raises GatewayError."""

    async def batch_query(self, request: BatchQueryRequest) -> BatchQueryReply:
        """Ask for a page of orders. Raises GatewayError."""


async def read_statement(client: Lists, day: BusinessDay, *, noted: Noted) -> list[Shown]:
    """Give all orders that were begun on *day*, or an hour around it. Raises StatementError.

    Whether a short page is the last one is not documented, so pages are read until one brings nothing new.
    """
    shown: dict[tuple[str, str | None], Shown] = {}
    for number in range(1, MOST_PAGES + 1):
        before = len(shown)
        for record in await _page(client, day, number):
            one = _shown(record)
            shown.setdefault((one.charge_code, one.down_code), one)
        if len(shown) == before:
            return list(shown.values())
        noted(len(shown))
    raise StatementError(f"more than {MOST_PAGES} pages on {day.date}")


async def ask_again(client: Lists, charge_code: str) -> tuple[bool, Shown | None]:
    """Ask about one order; give whether there was an answer, and what it shows (None: no such order)."""
    try:
        reply = await client.query(QueryRequest(code=charge_code))
    except GatewayError:
        return False, None
    if reply.code == NONEXISTENT:
        return True, None
    if reply.code != SUCCESS or {"AMT", "STATE"}.intersection(reply.unreadable):
        return False, None
    return True, Shown(
        charge_code=charge_code, state=reply.state, amount_fen=reply.amount_fen, down_code=reply.down_code
    )


async def _page(client: Lists, day: BusinessDay, number: int) -> tuple[TradeRecord, ...]:
    request = BatchQueryRequest(
        user_id=client.merchant.oper_id,
        begin=day.begin - MARGIN,
        end=day.end + MARGIN,
        page_number=number,
        page_size=PAGE_SIZE,
    )
    reason = "no answer"
    for _ in range(TRIES):
        try:
            reply = await client.batch_query(request)
        except GatewayError as error:
            reason = type(error).__name__
            continue
        if reply.code == SUCCESS:
            return reply.trades
        reason = reply.code
    raise StatementError(f"page {number} of {day.date}: {reason}")


def _shown(record: TradeRecord) -> Shown:
    return Shown(
        charge_code=record.charge_code or "",
        state=record.state,
        amount_fen=record.amount_fen,
        begun_at=read_time(record.begin_time),
        down_code=record.down_code,
    )
