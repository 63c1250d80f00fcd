"""The gateway's client: one object a merchant, one method an operation, one HTTP request a call.

A call returns a typed reply or raises one of this room's errors, which says whether money may have
moved. After a NoAnswerError the caller asks (`query`) before anything else. The client keeps no
state between calls and logs nothing.
"""

from collections.abc import Callable
import time
from typing import Any

import httpx

from paybus.gateway import (
    account,
    batch_query,
    cancel,
    channels,
    order,
    pay,
    query,
    refund,
    voucher,
    write_off,
)
from paybus.gateway import voucher_request as ask
from paybus.gateway.cipher import encrypt
from paybus.gateway.document import write_json, write_xml
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import DocumentError, InvalidParameterError
from paybus.gateway.exchange import DEFAULT_TIMEOUTS, Body, Exchange, Timeouts
from paybus.gateway.merchant import Merchant
from paybus.gateway.reply import Answer, Reply, read_answer
from paybus.gateway.target import Get, get_query, post_query, write_off_query


def wall_clock_ms() -> int:
    """Give the Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class GatewayClient:
    """Speaks for one merchant through an *engine* that it does not own."""

    def __init__(
        self,
        merchant: Merchant,
        engine: httpx.AsyncBaseTransport,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.merchant = merchant
        self._exchange = Exchange(merchant.base_url, engine, timeouts)
        self._reply_key = merchant.key if merchant.encrypt else None
        self._now_ms = now_ms

    async def pay(self, request: pay.PayRequest) -> pay.PayReply:
        """Take a payment from a scanned code; SUCCESS means paid. Raises GatewayError."""
        return pay.read(await self._post(pay.PAY, pay.write(request, self.merchant)))

    async def order(self, request: order.OrderRequest) -> order.OrderReply:
        """Create an order for the customer to pay; SUCCESS means created. Raises GatewayError."""
        return order.read(await self._post(order.ORDER, order.write(request, self.merchant)))

    async def refund(self, request: refund.RefundRequest) -> refund.RefundReply:
        """Give money back; SUCCESS means taken. Raises GatewayError."""
        return refund.read(await self._post(refund.REFUND, refund.write(request, self.merchant)))

    async def query(self, request: query.QueryRequest) -> query.QueryReply:
        """Ask what became of an order or refund. Raises GatewayError."""
        return query.read(await self._get(query.QUERY, query.write(request, self.merchant)))

    async def cancel(self, request: cancel.CancelRequest) -> cancel.CancelReply:
        """Revoke an order. Raises GatewayError."""
        return cancel.read(await self._get(cancel.CANCEL, cancel.write(request, self.merchant)))

    async def batch_query(self, request: batch_query.BatchQueryRequest) -> batch_query.BatchQueryReply:
        """List one page of orders. Raises GatewayError."""
        get = batch_query.write(request, self.merchant)
        return batch_query.read(await self._get(batch_query.BATCH_QUERY, get))

    async def channels(self) -> channels.ChannelsReply:
        """List the merchant's payment channels. Raises GatewayError."""
        return channels.read(await self._get(channels.CHANNELS, channels.write(self.merchant)))

    async def auth(self, request: account.AuthRequest) -> account.AuthReply:
        """Check an operator's permissions; the password travels in the URL. Raises GatewayError."""
        get = account.write_auth(request, self.merchant)
        return account.read_auth(await self._get(account.AUTH, get))

    async def login(self, request: account.LoginRequest) -> account.LoginReply:
        """Log an operator in; the password travels in the URL. Raises GatewayError."""
        get = account.write_login(request, self.merchant)
        return account.read_login(await self._get(account.LOGIN, get))

    async def _post(self, endpoint: Endpoint, members: dict[str, Any]) -> Answer:
        format_ = self.merchant.request_format
        plain = _body(members, "" if format_ == "json" else endpoint.request_root)
        tail = post_query(plain, self.merchant, timestamp_ms=self._now_ms())
        data = plain if self._reply_key is None else encrypt(plain, key=self._reply_key).encode()
        raw = await self._exchange.send(endpoint, f"{endpoint.path}?{tail}", Body(data, format_))
        return read_answer(raw, endpoint, encrypted_with=self._reply_key)

    async def _get(self, endpoint: Endpoint, get: Get) -> Answer:
        tail = get_query(get, self.merchant, timestamp_ms=self._now_ms())
        raw = await self._exchange.send(endpoint, f"{get.path}?{tail}")
        return read_answer(raw, endpoint, encrypted_with=self._reply_key)


class WriteOffClient:
    """Issues and redeems codes ("verify"): always JSON, never encrypted (docs/protocol.md §5.10).

    The service has an address of its own: *base_url*, else the merchant's `write_off_url`, else the
    one of everything else.
    """

    def __init__(
        self,
        merchant: Merchant,
        engine: httpx.AsyncBaseTransport,
        *,
        base_url: str | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.merchant = merchant
        self._exchange = Exchange(base_url or merchant.write_off_url or merchant.base_url, engine, timeouts)
        self._now_ms = now_ms

    async def issue(self, request: ask.IssueRequest) -> voucher.IssueReply:
        """Issue a code for goods that were sold. Raises GatewayError."""
        return voucher.read_issue(await self._post(ask.write(request)))

    async def redeem(self, request: ask.RedeemRequest) -> voucher.VoucherReply:
        """Redeem a code at a till. Raises GatewayError."""
        return voucher.read_voucher(await self._post(ask.write(request)))

    async def look_up(self, request: ask.LookUpRequest) -> voucher.VoucherReply:
        """Ask for the goods of a sale. Raises GatewayError."""
        return voucher.read_voucher(await self._post(ask.write(request)))

    async def cancel(self, request: ask.CancelRequest) -> Reply:
        """Make a code worthless. Raises GatewayError."""
        return voucher.read_cancel(await self._post(ask.write(request)))

    async def list(self, request: ask.ListRequest) -> voucher.ListReply:
        """List one page of what a till redeemed. Raises GatewayError."""
        return voucher.read_list(await self._post(ask.write(request)))

    async def send(self, request: write_off.WriteOffRequest) -> write_off.WriteOffReply:
        """Carry out any of the five with members by the protocol's names. Raises GatewayError."""
        return write_off.read(await self._post(request))

    async def _post(self, request: write_off.WriteOffRequest) -> Answer:
        endpoint, post = write_off.write(request, self.merchant)
        body = _body(post.members)
        tail = write_off_query(body, post.parameters, self.merchant, timestamp_ms=self._now_ms())
        raw = await self._exchange.send(endpoint, f"{endpoint.path}?{tail}", Body(body))
        return read_answer(raw, endpoint, encrypted_with=None)


def _body(members: dict[str, Any], xml_root: str = "") -> bytes:
    """Write a plain body: XML below *xml_root*, JSON without one."""
    try:
        return write_xml(xml_root, members).encode() if xml_root else write_json(members)
    except DocumentError as error:
        raise InvalidParameterError(str(error)) from error
