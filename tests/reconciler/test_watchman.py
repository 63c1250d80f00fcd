"""The watchman: trades that wait are asked about, and the answer is written like any other news."""

import asyncio
from dataclasses import replace

import httpx
from tests.ledger.house import cancel, concluded, hears, told
from tests.ledger.tables import events, outbox, trade
from tests.reconciler.house import ID, House, canceller

from paybus.execution.gates import Gates
from paybus.execution.habits import Habits
from paybus.gateway.client import GatewayClient
from paybus.gateway.profile import Profile
from paybus.ledger.pool import Pool
from paybus.ledger.watch import claim_watched

NOBODY = httpx.MockTransport(lambda _request: httpx.Response(500))
"""An engine that is never asked: of its client, only the merchant's limits count."""


async def test_an_order_is_put_under_watch(house: House) -> None:
    """Whoever waits for his customer is asked about first after the first wait of the schedule."""
    await house.awaits("C1")
    reason, asked, due = (await house.watch())["C1"]
    assert (reason, asked) == ("customer", 0)
    assert 5 < due <= 10


async def test_nothing_else_is_watched(house: House) -> None:
    """A paid trade needs no watch: a callback that came first has told us."""
    await house.ordered("C1")
    await hears(house.pool, told("C1"))
    await house.passes()
    await house.watchman().follow()
    assert await house.watch() == {}


async def test_a_lost_callback_is_found(house: House) -> None:
    """The customer has paid and nobody told us: trade.paid goes out, by the answer to an inquiry."""
    watchman = await house.awaits("C1")
    house.pays()
    await house.passes()
    await watchman.look()
    assert (await trade(house.pool))["paid_fen"] == 15800
    assert await events(house.pool) == ["trade.created", "trade.paid"]
    assert (await outbox(house.pool))[-1] == f"{ID}/C1/2"
    assert await house.watch() == {}


async def test_an_order_that_ran_out_of_time_is_closed(house: House) -> None:
    """The gateway closes what nobody paid: trade.closed goes out."""
    watchman = await house.awaits("C1")
    house.gateway.customers.expire(house.order())
    await house.passes()
    await watchman.look()
    assert await events(house.pool) == ["trade.created", "trade.closed"]


async def test_an_order_that_was_revoked_elsewhere_is_revoked(house: House) -> None:
    """Somebody revoked it at the gateway's own desk: trade.revoked goes out."""
    watchman = await house.awaits("C1")
    house.gateway.books.revoke(house.order(), cause="customer")
    await house.passes()
    await watchman.look()
    assert await events(house.pool) == ["trade.created", "trade.revoked"]


async def test_who_still_waits_is_asked_about_more_and_more_rarely(house: House) -> None:
    """Each look at an order that waits doubles the time until the next."""
    watchman = await house.awaits("C1")
    for asked in (1, 2):
        await house.passes()
        await watchman.look()
        _, count, due = (await house.watch())["C1"]
        assert count == asked
        assert 5 * 2**asked < due <= 10 * 2**asked
    assert await events(house.pool) == ["trade.created"]


async def test_what_is_not_due_is_not_asked_about(house: House) -> None:
    """The schedule is the ledger's: a look before its time asks nothing."""
    watchman = await house.awaits("C1")
    await watchman.look()
    assert house.asked() == 0


async def test_no_more_are_asked_about_at_once_than_allowed(house: House) -> None:
    """A thousand orders that wait do not become a thousand inquiries in one second."""
    await house.awaits(*(f"C{number}" for number in range(5)))
    await house.passes()
    await house.watchman(most_at_once=2).look()
    assert house.asked() == 2


async def test_no_more_are_asked_about_than_a_merchant_may_ask(house: House) -> None:
    """His file allows one call in ten seconds: one is asked about; the others wait, and are not counted."""
    await house.awaits("C1", "C2", "C3")
    await house.passes()
    merchant = replace(house.client.merchant, calls_per_second=0.1, burst=1)
    gates = Gates({ID: GatewayClient(merchant, NOBODY)})
    await house.watchman(gates=gates, lease_seconds=30.0).look()
    assert house.asked() == 1
    asked = sorted((count, round(due, -1)) for _, count, due in (await house.watch()).values())
    assert asked == [(0, 30), (0, 30), (1, 20)]


async def test_calls_that_come_soon_are_waited_for(house: House) -> None:
    """Twenty calls a second, one at a time: three are asked about in one look."""
    await house.awaits("C1", "C2", "C3")
    await house.passes()
    merchant = replace(house.client.merchant, calls_per_second=20.0, burst=1)
    gates = Gates({ID: GatewayClient(merchant, NOBODY)})
    await house.watchman(gates=gates).look()
    assert house.asked() == 3


async def test_nobody_is_asked_about_within_the_query_lag(house: House) -> None:
    """The gateway's profile says how long it may not show an order: the watch begins after that."""
    await house.ordered("C1", "C2")
    await house.passes(watch=False)
    profile = Profile(query_lag_seconds=40.0)
    watchman = house.watchman(lag_seconds=lambda: Habits(lambda: profile).lag_seconds(3.0))
    await watchman.follow()
    assert {round(due, -1) for _, _, due in (await house.watch()).values()} == {40}


async def test_two_replicas_share_the_watch(house: House) -> None:
    """Each trade is taken by one of them; both together ask about each once."""
    await house.awaits(*(f"C{number}" for number in range(6)))
    await house.passes()
    await asyncio.gather(house.watchman(most_at_once=3).look(), house.watchman(most_at_once=3).look())
    assert house.asked() == 6
    assert {asked for _, asked, _ in (await house.watch()).values()} == {1}


async def test_two_replicas_follow_without_waiting(house: House) -> None:
    """While one reads on, the other does nothing, and nothing is put under watch twice or left out."""
    await house.ordered("C1", "C2")
    await house.passes()
    await asyncio.gather(house.watchman().follow(), house.watchman().follow())
    await house.watchman().follow()
    assert set(await house.watch()) == {"C1", "C2"}


async def test_what_a_dead_replica_had_in_hand_is_due_again(pool: Pool, house: House) -> None:
    """Taking a trade only moves its time on: whoever dies with it leaves it to the others."""
    await house.awaits("C1")
    await house.passes()
    (taken,) = await claim_watched(pool, most=10)
    assert taken.place == (ID, "C1")
    assert await claim_watched(pool, most=10) == []
    _, asked, due = (await house.watch())["C1"]
    assert asked == 0
    assert 30 < due <= 60


async def test_silence_of_the_gateway_moves_nothing(house: House) -> None:
    """An inquiry without an answer leaves the trade as it is, and is made again later."""
    watchman = await house.awaits("C1")
    house.gateway.close()
    house.gateway.books._by_charge_code.clear()  # it has forgotten the order
    await house.passes()
    await watchman.look()
    assert await events(house.pool) == ["trade.created"]
    assert (await house.watch())["C1"][1] == 1


async def test_news_that_came_meanwhile_ends_the_watch(house: House) -> None:
    """A callback was faster: nobody is asked, and nothing is announced twice."""
    watchman = await house.awaits("C1")
    house.pays()
    await hears(house.pool, told("C1"))
    await house.passes()
    await watchman.look()
    assert house.asked() == 0
    assert await events(house.pool) == ["trade.created", "trade.paid"]
    assert await house.watch() == {}


async def test_a_cancelled_order_is_watched_for_a_late_charge(house: House) -> None:
    """Revoked unpaid: the watch goes on for another reason, from its beginning."""
    await house.awaits("C1")
    worker = await canceller(house.pool)
    await worker.settles(*[concluded(held) for held in await worker.granted(cancel("C1"))])
    await house.passes()
    await house.watchman().follow()
    assert (await house.watch())["C1"][:2] == ("late_charge", 0)


async def test_each_inquiry_is_on_record(house: House) -> None:
    """The audit trail has the inquiries of the watch like any other request."""
    watchman = await house.awaits("C1")
    await house.passes()
    await watchman.look()
    ((key, value, _),) = house.journal._records
    assert key == b"C1"
    assert b'"operation":"query"' in value
    assert b'"verdict":"executed"' in value
