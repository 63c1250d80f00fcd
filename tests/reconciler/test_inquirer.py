"""The reconciler leaves a gateway alone that does not answer, as the workers do."""

import httpx
from tests.ledger.tables import trade as trade_row
from tests.reconciler.house import ID, House

from paybus.execution.breaker import BreakerRules
from paybus.execution.gates import Gates, Traffic
from paybus.gateway.client import GatewayClient
from paybus.ledger.watch import claim_watched
from paybus.reconciler.inquirer import Inquirer


class Silent(httpx.AsyncBaseTransport):
    """Takes requests and answers none."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Lose the answer."""
        self.taken += 1
        raise httpx.ReadError("gone")


async def test_a_gateway_that_answers_no_questions_is_left_alone(house: House) -> None:
    """After a few inquiries without an answer none is made; when the pause is over, one answer ends it."""
    await house.awaits("C1")
    await house.passes()
    (watched,) = await claim_watched(house.pool, most=1)
    engine, now = Silent(), [0.0]
    clients = {ID: GatewayClient(house.client.merchant, engine)}
    rules = BreakerRules(failures=3, first_pause_seconds=10.0)
    gates = Gates(clients, rules, clock=lambda: now[0], draw=lambda: 0.0)
    inquirer = Inquirer(clients, house.journal, gates)
    assert [await inquirer.ask(watched.trade) for _ in range(10)] == [None] * 10
    assert (engine.taken, len(house.journal._records)) == (3, 3)
    assert not await inquirer.may_ask(ID)
    now[0] += 10.0
    assert await inquirer.may_ask(ID)
    clients[ID] = house.client
    answer = await inquirer.ask(watched.trade)
    assert answer is not None
    assert answer[0] == "SUCCESS"
    assert gates.open_count(Traffic.INQUIRIES) == 0
    assert (await trade_row(house.pool))["state"] == "awaiting_payment"
