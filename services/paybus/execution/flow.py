"""What differs between pay, refund and cancel, as a value: how to send one, and how to ask about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from paybus.gateway.client import GatewayClient
from paybus.gateway.query import QueryRequest
from paybus.gateway.reply import Reply
from paybus.ledger.held import Held
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Facts


@dataclass(frozen=True, slots=True)
class Answered:
    """The gateway's reply, and what it tells besides its return code."""

    reply: Reply
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One kind of operation at the gateway."""

    kind: Kind
    operation_name: Callable[[Any], str]
    """The gateway's operation for a command, as in metrics."""
    send: Callable[[GatewayClient, Any, Held], Awaitable[Answered]]
    """Send the decoded command; raises GatewayError."""
    question: Callable[[Operation], QueryRequest]
    """What to ask the gateway about an operation of this kind."""
