"""A merchant's client for long lists of questions, which keeps to what he may ask like everybody else."""

import asyncio

from paybus.execution.gates import Gates, Traffic
from paybus.gateway.batch_query import BatchQueryReply, BatchQueryRequest
from paybus.gateway.client import GatewayClient
from paybus.gateway.merchant import Merchant
from paybus.gateway.query import QueryReply, QueryRequest


class PacedClient:
    """Asks one question after the other: each takes its turn among the inquiries of this process.

    Who asks one at a time holds one call in advance, so that others have theirs in between.
    """

    def __init__(self, client: GatewayClient, gates: Gates) -> None:
        self._client = client
        self._gates = gates

    @property
    def merchant(self) -> Merchant:
        """For whom it asks."""
        return self._client.merchant

    async def query(self, request: QueryRequest) -> QueryReply:
        """Ask about one order when it is time. Raises GatewayError."""
        await self._turn()
        return await self._client.query(request)

    async def batch_query(self, request: BatchQueryRequest) -> BatchQueryReply:
        """Ask for a page of orders when it is time. Raises GatewayError."""
        await self._turn()
        return await self._client.batch_query(request)

    async def _turn(self) -> None:
        merchant_id = self.merchant.merchant_id
        # A gateway that answers nobody is left alone for a pause; then one page may find it there.
        await asyncio.sleep(self._gates.rest_seconds(Traffic.INQUIRIES, merchant_id))
        await asyncio.sleep(
            self._gates.wait_seconds(Traffic.INQUIRIES, merchant_id, within_seconds=float("inf"))
        )
