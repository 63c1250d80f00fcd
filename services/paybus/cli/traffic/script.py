"""The life of one trade as its order service plans it: a pay, and what follows."""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from paybus.cli.traffic.message import Message, When
from paybus.contracts.command import CancelCommand, PayCommand, RefundCommand

_METHODS: Final = {"barcode": 55, "native": 30, "jsapi": 15}
_CHANNELS: Final = {"barcode": None, "native": 1, "jsapi": 2}
_SMALLEST, _LARGEST = 200, 100_000  # fen: far below the amounts that the sandbox takes as a sign
_MOST_PARTS: Final = 4
STORM_REFUNDS: Final = 12
"""Refunds that arrive at once, of which eight fit."""


def barcode_pay(merchant_id: str, charge_code: str, amount_fen: int) -> PayCommand:
    """Give the pay of a customer whose wallet was scanned."""
    return _pay("barcode", merchant_id, charge_code, amount_fen)


def order_pay(merchant_id: str, charge_code: str, amount_fen: int) -> PayCommand:
    """Give the pay of a customer who scans a code that is shown to him."""
    return _pay("native", merchant_id, charge_code, amount_fen)


def plan_trade(chance: Random, merchant_id: str, charge_code: str) -> list[Message]:
    """Plan one trade; the same *chance* plans the same."""
    method = _choose(chance, _METHODS)
    amount = chance.randint(_SMALLEST, _LARGEST)
    pay = _pay(method, merchant_id, charge_code, amount)
    follow = _FOLLOWS[_choose(chance, {name: weight for name, (weight, _) in _FOLLOWS.items()})][1]
    return [Message.of(pay), *follow(chance, pay)]


def plan_storm(merchant_id: str, charge_code: str) -> list[Message]:
    """Plan a trade whose refunds arrive all at once and are together more than was paid."""
    pay = _pay("barcode", merchant_id, charge_code, _LARGEST)
    refunds = [part_refund(pay, number, _LARGEST // 8) for number in range(STORM_REFUNDS)]
    return [Message.of(pay), *(Message.of(refund) for refund in refunds)]


def _pay(method: Any, merchant_id: str, charge_code: str, amount_fen: int) -> PayCommand:
    return PayCommand(
        merchant_id=merchant_id,
        charge_code=charge_code,
        method=method,
        amount_fen=amount_fen,
        subject="Coffee beans",
        auth_code="280000000000000001" if method == "barcode" else None,
        channel_type=_CHANNELS[method],
        sub_openid="oSANDBOX00000000000000000000" if method == "jsapi" else None,
    )


def part_refund(pay: PayCommand, number: int, amount_fen: int) -> RefundCommand:
    """Give the refund number *number* of a trade."""
    return RefundCommand(
        merchant_id=pay.merchant_id,
        charge_code=pay.charge_code,
        out_refund_no=f"{pay.charge_code}-{number}",
        amount_fen=amount_fen,
        subject="Sent back",
    )


def _nothing(_chance: Random, _pay: PayCommand) -> list[Message]:
    return []


def _parts(chance: Random, pay: PayCommand) -> list[Message]:
    """Refund some parts that fit together."""
    when = _when_paid(chance, pay)
    most = pay.amount_fen // _MOST_PARTS
    amounts = [chance.randint(1, most) for _ in range(chance.randint(1, _MOST_PARTS))]
    return [Message.of(part_refund(pay, number, amount), when) for number, amount in enumerate(amounts)]


def _whole(chance: Random, pay: PayCommand) -> list[Message]:
    return [Message.of(part_refund(pay, 0, pay.amount_fen), _when_paid(chance, pay))]


def _above(chance: Random, pay: PayCommand) -> list[Message]:
    """Refund a part, and then the whole: more than what remains."""
    when = _when_paid(chance, pay)
    return [
        Message.of(part_refund(pay, 0, pay.amount_fen // 2), when),
        Message.of(part_refund(pay, 1, pay.amount_fen), when),
    ]


def _cancel(chance: Random, pay: PayCommand) -> list[Message]:
    method: Any = _choose(chance, {"realtime": 3, "application": 1})
    cancel = CancelCommand(merchant_id=pay.merchant_id, charge_code=pay.charge_code, method=method)
    unpaid = pay.method != "barcode" and chance.random() < 0.5
    return [Message.of(cancel, When.ONCE_CREATED if unpaid else _when_paid(chance, pay))]


Follow = Callable[[Random, PayCommand], list[Message]]
_FOLLOWS: Final[Mapping[str, tuple[int, Follow]]] = MappingProxyType(
    {
        "nothing": (50, _nothing),
        "parts": (22, _parts),
        "whole": (6, _whole),
        "above": (8, _above),
        "cancel": (14, _cancel),
    }
)


def _when_paid(chance: Random, pay: PayCommand) -> When:
    """Ask at once, so that it waits for its pay, or as soon as the pay is known to have ended.

    A refund of an order that still waits for its customer would be refused.
    """
    impatient = pay.method == "barcode" and chance.random() < 0.5
    return When.AT_ONCE if impatient else When.ONCE_ENDED


def _choose(chance: Random, weights: Mapping[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
