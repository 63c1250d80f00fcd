"""What the page says of the callback."""

from dataclasses import replace

import pytest
from tests.sandbox.customer_page.test_pages import page_of
from tests.sandbox.house import open_house, open_receiver, payment, until
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.test_callbacks import QUICK

from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings

REFRESH = 'http-equiv="refresh"'


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([500, 200], "Delivered at attempt 2, "),
        ([500], "Given up after attempt 4: answered with HTTP 500"),
    ],
)
async def test_the_end_of_a_callback_is_told(statuses: list[int], said: str) -> None:
    """When nothing more is to come, the page says how it ended and does not look again."""
    async with open_receiver(*statuses) as receiver, open_house(callback_rules=QUICK) as house:
        await house.client().order(order(notify_url=receiver.url))
        assert "When the order is paid" in await page_of(house)
        house.gateway.customers.approve(house.gateway.books.orders[0])
        await until(lambda: not house.gateway.callbacks.waiting)
        page = await page_of(house)
        assert said in page
        assert REFRESH not in page


async def test_a_failed_attempt_is_told_while_others_follow() -> None:
    """Until it ends, the page says how the last attempt went, and looks again."""
    rules = replace(QUICK, interval_seconds=3600)
    async with open_receiver(500) as receiver, open_house(callback_rules=rules) as house:
        receiver.answering.clear()
        await house.client().order(order(notify_url=receiver.url))
        house.gateway.customers.approve(house.gateway.books.orders[0])
        assert "On its way" in await page_of(house)
        receiver.answering.set()
        await until(lambda: bool(house.gateway.books.callbacks))
        page = await page_of(house)
        assert "Attempt 1: answered with HTTP 500; it will be repeated" in page
        assert REFRESH in page


async def test_a_merchant_who_cannot_be_reached_is_told() -> None:
    """Without an answer, the page has the reason that the books have."""
    async with open_house(callback_rules=replace(QUICK, repetitions=0)) as house:
        await house.client().order(order(notify_url="http://127.0.0.1:1/notify"))
        house.gateway.customers.approve(house.gateway.books.orders[0])
        await until(lambda: not house.gateway.callbacks.waiting)
        assert "Given up after attempt 1: ConnectError" in await page_of(house)


async def test_what_is_sent_beside_it_does_not_count() -> None:
    """A forged callback that was answered with 200 is not the merchant's callback."""
    faults = FaultSettings(rates={Fault.CALLBACK_FORGED: 1.0})
    rules = replace(QUICK, repetitions=0)
    async with (
        open_receiver(200, 500) as receiver,
        open_house(callback_rules=rules, faults=faults) as house,
    ):
        await house.client().order(order(notify_url=receiver.url))
        house.gateway.customers.approve(house.gateway.books.orders[0])
        await until(lambda: len(house.gateway.books.callbacks) == 2 and not house.gateway.callbacks.waiting)
        assert "Given up after attempt 1: answered with HTTP 500" in await page_of(house)


async def test_a_callback_that_never_comes_is_told() -> None:
    """A fault that loses the callback, an order nobody paid, and a reply that said it all already."""
    faults = FaultSettings(rates={Fault.CALLBACK_LOST: 1.0})
    url = "http://127.0.0.1:1/notify"
    async with open_house(faults=faults, habits=Habits()) as house:
        for code in ("lost", "declined"):
            await house.client().order(order(code, notify_url=url))
        house.gateway.customers.approve(house.gateway.books.orders[0])
        house.gateway.customers.decline(house.gateway.books.orders[1])
        await house.client().pay(payment(notify_url=url))
        assert "Lost, as a fault wanted it" in await page_of(house, 0)
        assert "None: only payments are told" in await page_of(house, 1)
        assert "None: the reply to the payment told it" in await page_of(house, 2)
