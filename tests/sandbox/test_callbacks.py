"""Callbacks from the sandbox, read by our own reader."""

from dataclasses import replace

import pytest
from tests.sandbox.house import MERCHANT, House, Receiver, open_house, open_receiver, payment, until
from tests.sandbox.operations.test_precreate import order

from paybus.gateway.callback import Callback, read_callback
from paybus.sandbox.callbacks import CallbackRules, is_allowed
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings

QUICK = CallbackRules(interval_seconds=0.001, repetitions=3)
PAYS = Habits(pays_after_seconds=0.001)


def read(receiver: Receiver, number: int = 0) -> Callback:
    """Read a callback as our notifier does."""
    target, body = receiver.received[number]
    return read_callback(raw=body, query=target.partition("?")[2], merchant=MERCHANT)


@pytest.mark.parametrize(
    ("query", "format_", "encrypted"),
    [
        ("", "xml", False),
        ("?_type=json", "json", False),
        ("?encrypt=3DES&pid=7", "xml", True),
        ("?_type=json&encrypt=3DES", "json", True),
    ],
)
async def test_a_paid_order_is_told_as_its_url_asks(query: str, format_: str, *, encrypted: bool) -> None:
    """Format and encryption are those of NODIFY_URL, and the sign is right."""
    async with open_receiver() as receiver, open_house(habits=PAYS, callback_rules=QUICK) as house:
        request = order(amount_fen=1, merchant_para="MDE=", notify_url=receiver.url + query)
        reply = await house.client().order(request)
        await until(lambda: bool(house.gateway.books.callbacks))
        told = read(receiver)
        assert (told.format, told.encrypted) == (format_, encrypted)
        assert (told.charge_code, told.state, told.amount_fen) == ("O1", 1, 1)
        assert (told.merchant_para, told.down_code) == ("MDE=", reply.down_code)
        assert (told.subject, told.oper_id, told.dev_id) == ("Tea", "oper01", "dev01")
        assert told.third_code
        assert receiver.received[0][0].startswith(f"/notify{query}")


async def test_a_callback_is_repeated_until_it_is_answered_with_200() -> None:
    """Other statuses, redirects too, bring it again, signed anew; 200 ends it."""
    async with (
        open_receiver(500, 302, 200) as receiver,
        open_house(habits=PAYS, callback_rules=QUICK) as house,
    ):
        await house.client().order(order(notify_url=receiver.url))
        await until(lambda: len(house.gateway.books.callbacks) == 3)
        attempts = [(line.attempt, line.status) for line in house.gateway.books.callbacks]
        assert attempts == [(1, 500), (2, 302), (3, 200)]
        assert all(target.startswith("/notify?") for target, _ in receiver.received)
        assert read(receiver, 2).timestamp_ms > read(receiver, 0).timestamp_ms


async def test_a_callback_is_given_up_after_its_repetitions() -> None:
    """The first attempt and as many repetitions as the rules allow."""
    rules = replace(QUICK, repetitions=2)
    async with open_receiver(500) as receiver, open_house(habits=PAYS, callback_rules=rules) as house:
        await house.client().order(order(notify_url=receiver.url))
        await until(lambda: not house.gateway.callbacks.waiting and bool(house.gateway.books.callbacks))
        assert [line.status for line in house.gateway.books.callbacks] == [500] * 3


async def test_an_address_that_does_not_answer_is_noted() -> None:
    """No connection is an attempt too."""
    async with open_house(habits=PAYS, callback_rules=replace(QUICK, repetitions=0)) as house:
        await house.client().order(order(notify_url="http://127.0.0.1:1/notify"))
        await until(lambda: bool(house.gateway.books.callbacks))
        (line,) = house.gateway.books.callbacks
        assert (line.status, line.error) == (None, "ConnectError")


async def test_a_duplicate_comes_after_the_delivery() -> None:
    """The fault sends a delivered callback a second time."""
    faults = FaultSettings(rates={Fault.CALLBACK_DUPLICATE: 1.0})
    async with (
        open_receiver() as receiver,
        open_house(habits=PAYS, callback_rules=QUICK, faults=faults) as house,
    ):
        await house.client().order(order(notify_url=receiver.url))
        await until(lambda: len(house.gateway.books.callbacks) == 2)
        assert [line.kind for line in house.gateway.books.callbacks] == ["genuine", "duplicate"]
        assert receiver.received[0][1] == receiver.received[1][1]


async def test_a_scanned_payment_is_told_only_when_that_is_set() -> None:
    """A pay was answered already; callback_after_scan makes the gateway tell it too."""
    async with open_receiver() as receiver:
        for told in (False, True):
            async with open_house(habits=Habits(callback_after_scan=told), callback_rules=QUICK) as house:
                await house.client().pay(payment(notify_url=receiver.url))
                assert house.gateway.callbacks.waiting == told
                await until(lambda house=house: not house.gateway.callbacks.waiting)
        assert len(receiver.received) == 1


@pytest.mark.parametrize("url", ["null", ""])
async def test_no_url_is_ever_called_null(house: House, url: str) -> None:
    """The text "null" is how no address is written."""
    body = (
        '{"BUSI_ID":"0010000001","OPER_ID":"o","DEV_ID":"d","AMT":"1","CHANNEL_TYPE":"1",'
        f'"CHARGE_CODE":"C1","PAY_SUBJECT":"s","NODIFY_URL":"{url}"}}'
    )
    await house.post("order", body)
    assert house.gateway.customers.approve(house.gateway.books.orders[0])
    assert (house.gateway.callbacks.waiting, house.gateway.books.callbacks) == (0, [])


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("http://127.0.0.1:1/", set(), True),
        ("http://localhost/x", set(), True),
        ("http://[::1]:80/", set(), True),
        ("https://127.9.9.9/", set(), True),
        ("http://127.0.0.1.example.com/", set(), False),
        ("http://10.0.0.1/", set(), False),
        ("http://notifier:8080/x", set(), False),
        ("http://notifier:8080/x", {"notifier"}, True),
        ("http://10.0.0.1/", {"*"}, True),
        ("ftp://127.0.0.1/", {"*"}, False),
        ("http://127.0.0.1:99999/", {"*"}, False),
        ("null", {"*"}, False),
    ],
)
def test_callbacks_stay_at_home(url: str, hosts: set[str], *, allowed: bool) -> None:
    """Only loopback, unless a host is allowed by name."""
    assert is_allowed(url, frozenset(hosts)) is allowed


@pytest.mark.parametrize(
    ("subject", "url", "error"),
    [
        ("Tea \\u0001", "http://127.0.0.1:1/notify", "cannot_be_written"),
        ("Tea", "http://127.0.0.1:1/not\\u0001ify", "InvalidURL"),
        ("Tea", "http://10.0.0.1/notify", "target_not_allowed"),
    ],
)
async def test_what_cannot_be_sent_is_noted(subject: str, url: str, error: str) -> None:
    """No callback gets lost without a line in the books."""
    async with open_house(callback_rules=replace(QUICK, repetitions=0)) as house:
        body = (
            '{"BUSI_ID":"0010000001","OPER_ID":"o","DEV_ID":"d","AMT":"1","CHANNEL_TYPE":"1",'
            f'"CHARGE_CODE":"C1","PAY_SUBJECT":"{subject}","NODIFY_URL":"{url}"}}'
        )
        await house.post("order", body)
        assert house.gateway.customers.approve(house.gateway.books.orders[0])
        await until(lambda: bool(house.gateway.books.callbacks))
        assert [line.error for line in house.gateway.books.callbacks] == [error]
