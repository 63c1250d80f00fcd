"""What goes wrong with callbacks, as our reader meets it."""

import pytest
from tests.sandbox.house import MERCHANT, House, Receiver, open_house, open_receiver, until
from tests.sandbox.operations.test_precreate import order

from paybus.gateway.callback import Callback, read_callback
from paybus.gateway.errors import CallbackRefusedError
from paybus.sandbox.callbacks import CallbackRules
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault_settings import FaultSettings

QUICK = CallbackRules(interval_seconds=0.001, repetitions=3)


def read(receiver: Receiver, number: int) -> Callback:
    """Read a callback as our notifier does."""
    target, body = receiver.received[number]
    return read_callback(raw=body, query=target.partition("?")[2], merchant=MERCHANT)


async def told(house: House, receiver: Receiver, fault: str) -> list[str]:
    """Let an order with this fault be paid and give the kinds of callbacks that came."""
    request = order(f"FAULT-{fault}-1", amount_fen=100, notify_url=f"{receiver.url}?_type=json")
    await house.client().order(request)
    await until(lambda: bool(house.effects()) and not house.gateway.callbacks.waiting)
    return [line.kind for line in house.gateway.books.callbacks]


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("CALLBACK_DUPLICATE", ["genuine", "duplicate"]),
        ("CALLBACK_REPLAYED", ["genuine", "replayed"]),
        ("CALLBACK_FORGED", ["forged", "genuine"]),
        ("CALLBACK_LATE", ["genuine"]),
        ("CALLBACK_LOST", []),
        ("CALLBACK_OUT_OF_ORDER", ["genuine", "out_of_order"]),
        ("CALLBACK_WRONG_AMOUNT", ["wrong_amount"]),
    ],
)
async def test_callbacks_go_wrong_as_told(fault: str, kinds: list[str]) -> None:
    """One order, one charge, and around its callback whatever the fault adds, in that order."""
    habits, faults = Habits(pays_after_seconds=0.001), FaultSettings(late_seconds=0.01)
    async with (
        open_receiver() as receiver,
        open_house(habits=habits, faults=faults, callback_rules=QUICK) as house,
    ):
        assert await told(house, receiver, fault) == kinds
        assert len(house.effects()) == 1
        _CHECKS.get(fault, lambda _receiver: None)(receiver)


def _check_forged(receiver: Receiver) -> None:
    with pytest.raises(CallbackRefusedError, match="sign_wrong"):
        read(receiver, 0)
    assert read(receiver, 1).amount_fen == 100


def _check_replayed(receiver: Receiver) -> None:
    assert receiver.received[0] == receiver.received[1]


def _check_duplicate(receiver: Receiver) -> None:
    assert receiver.received[0][1] == receiver.received[1][1]


def _check_out_of_order(receiver: Receiver) -> None:
    assert [read(receiver, number).state for number in (0, 1)] == [1, 0]


def _check_wrong_amount(receiver: Receiver) -> None:
    assert read(receiver, 0).amount_fen == 101


_CHECKS = {
    "CALLBACK_FORGED": _check_forged,
    "CALLBACK_REPLAYED": _check_replayed,
    "CALLBACK_DUPLICATE": _check_duplicate,
    "CALLBACK_OUT_OF_ORDER": _check_out_of_order,
    "CALLBACK_WRONG_AMOUNT": _check_wrong_amount,
}


async def test_a_forged_callback_is_not_repeated() -> None:
    """A forger tries once; the genuine one follows whatever he was answered."""
    habits = Habits(pays_after_seconds=0.001)
    async with (
        open_receiver(401, 200) as receiver,
        open_house(habits=habits, callback_rules=QUICK) as house,
    ):
        assert await told(house, receiver, "CALLBACK_FORGED") == ["forged", "genuine"]
