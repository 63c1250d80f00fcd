"""Whether an event answers a command for good, by the event alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from paybus.cli.reconciliation.evidence import Told
from paybus.contracts.command import Command
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

ANSWERS: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType(
    {
        Happening.TRADE_CREATED: (Kind.PAY,),
        Happening.TRADE_PAID: (Kind.PAY,),
        Happening.TRADE_DECLINED: (Kind.PAY,),
        Happening.TRADE_REVOKED: (Kind.CANCEL,),
        Happening.TRADE_CLOSED: (Kind.PAY, Kind.CANCEL),
        Happening.REFUND_SUCCEEDED: (Kind.REFUND,),
        Happening.REFUND_FAILED: (Kind.REFUND,),
    }
)
"""Which kinds of command an event answers; a rejection says it itself."""


def answers(told: Told, command: Command) -> bool:
    """Say whether *told* is the final answer to *command*, or to another one with its key."""
    content = told.content
    if told.place != (command.merchant_id, command.charge_code):
        return False
    kinds = ANSWERS.get(told.happening, ())
    if told.happening == Happening.COMMAND_REJECTED:
        kinds = (Kind(content.kind),) if content.kind else ()
    named = command.KIND is not Kind.REFUND or content.out_refund_no == command.key
    return command.KIND in kinds and named
