"""The customer's pages over HTTP: what they say, what they refuse, that they are safe."""

import asyncio
from base64 import b64encode
from hashlib import sha256
import re

import pytest
from tests.sandbox.house import House, open_house, payment, until
from tests.sandbox.operations.test_precreate import order

from paybus.gateway.order import TradeType
from paybus.gateway.refund import RefundRequest
from paybus.sandbox.customer_page.order_list import SHOWN
from paybus.sandbox.fault_settings import FaultSettings


async def page_of(house: House, number: int = 0) -> str:
    """Give the page of an order in the books."""
    made = house.gateway.books.orders[number]
    return (await house.http.get(f"{house.address}/customer/{made.wish.merchant_id}/{made.down_code}")).text


async def test_what_others_wrote_is_text(house: House) -> None:
    """Subjects, codes and the host that was asked for never become markup."""
    url = (await house.client().order(order("O<1>", subject="Tea <b>&"))).bar_code or ""
    pages = [
        (await house.http.get(url, headers={"Host": '"><i>'})).text,
        (await house.http.get(f"{house.address}/customer")).text,
    ]
    for page in pages:
        assert "O&lt;1&gt;" in page
        assert "Tea &lt;b&gt;&amp;" in page
        assert not re.search(r"<b>&|<1>|<i>", page)
    assert f'"QR code of {url}"' in pages[0]  # a host that is none is not taken


async def test_a_browser_may_only_show_it(house: House) -> None:
    """No script, nothing from elsewhere; the style is allowed by its hash, forms lead home only."""
    response = await house.http.get((await house.client().order(order())).bar_code or "")
    policy = response.headers["Content-Security-Policy"]
    style = (re.search(r"<style>(.*)</style>", response.text, re.DOTALL) or [""])[1]
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "form-action 'self'" in policy
    assert not re.search(r"<script| style=| on[a-z]+=|src=", response.text)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("act", ["approve", "decline"])
async def test_only_post_changes_anything(house: House, act: str) -> None:
    """Whoever merely follows an address decides nothing."""
    url = (await house.client().order(order())).bar_code
    assert (await house.http.get(f"{url}/{act}")).status_code == 405
    assert house.gateway.books.orders[0].state == 0


async def test_who_comes_late_sees_what_became_of_it(house: House) -> None:
    """Two people press different buttons: the first decides, the second is told."""
    url = (await house.client().order(order())).bar_code
    first = await house.http.post(f"{url}/approve")
    assert (first.status_code, first.headers["Location"]) == (303, (url or "").removeprefix(house.address))
    second = await house.http.post(f"{url}/decline", follow_redirects=True)
    assert "<title>Paid: ¥0.01</title>" in second.text
    assert house.effects() == [("charge", "O1", 1, "customer")]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_that_leads_nowhere_says_so(house: House, method: str) -> None:
    """404 with the way to the orders there are."""
    end = "" if method == "GET" else "/approve"
    response = await house.http.request(method, f"{house.address}/customer/1/2{end}")
    assert response.status_code == 404
    assert 'href="/customer"' in response.text


@pytest.mark.parametrize("trade_type", [TradeType.JSAPI, TradeType.APP])
async def test_orders_without_bar_code_show_none(house: House, trade_type: TradeType) -> None:
    """What is paid inside an app has buttons, but nothing to scan."""
    await house.client().order(order(trade_type=trade_type, sub_openid="o1"))
    page = await page_of(house)
    assert "Decline" in page
    assert "<svg" not in page


async def test_a_host_too_long_for_a_code_gets_none(house: House) -> None:
    """The page is shown without its code."""
    url = (await house.client().order(order())).bar_code or ""
    response = await house.http.get(url, headers={"Host": "h" * 3000})
    assert response.status_code == 200
    assert "<svg" not in response.text


async def test_a_customer_whose_code_was_scanned_can_be_played() -> None:
    """A pay that is held has a page: there the person with the phone decides, and the call is answered."""
    async with open_house(faults=FaultSettings(rules=[{"fault": "hold"}])) as house:
        paying = asyncio.create_task(house.client().pay(payment()))
        await until(lambda: bool(house.gateway.books.orders))
        page = await page_of(house)
        assert "<svg" not in page
        assert "Open until" in page
        assert house.gateway.customers.approve(house.gateway.books.orders[0])
        assert (await paying).code == "SUCCESS"
        assert "None: the merchant gave no address" in await page_of(house)


async def test_time_that_ran_out_is_no_refusal(house: House) -> None:
    """Orders that nobody paid are told apart from those that were declined."""
    await house.client().order(order())
    house.let_time_pass()
    assert "Not paid in time" in await page_of(house)


async def test_money_that_came_back_is_told(house: House) -> None:
    """A refund is shown in yuan, and the page looks again while it is under way."""
    await house.client().pay(payment())
    wish = RefundRequest(charge_code="C1", amount_fen=5800, refund_number="R1", subject="Back")
    await house.client().refund(wish)
    await until(lambda: bool(house.effects("refund")))
    page = await page_of(house)
    assert "Partly refunded" in page
    assert "¥58.00" in page
    house.gateway.books.request_refund(house.gateway.books.orders[0], 1, "R2", call=1)
    assert "Being refunded" in await page_of(house)
    assert 'http-equiv="refresh"' in await page_of(house)


async def test_the_list_has_the_newest_open_orders(house: House) -> None:
    """As many as fit on a page, those first that came last; decided ones are not there."""
    assert "None at present." in (await house.http.get(house.address, follow_redirects=True)).text
    for number in range(SHOWN + 2):
        await house.client().order(order(f"N{number}-"))
    house.gateway.customers.decline(house.gateway.books.orders[-1])
    page = (await house.http.get(f"{house.address}/customer")).text
    assert re.findall(r"N(\d+)-", page) == [str(number) for number in range(SHOWN, 0, -1)]
    assert f"The newest {SHOWN}." in page
