"""The customer's page in a real Chromium.

The pictures in docs/ are made by `pytest tests/sandbox/customer_page --pictures docs/pictures`.
"""

from pathlib import Path

from playwright.async_api import Browser, expect
import pytest
import segno
from tests.sandbox.customer_page.screen import DESK, PHONE, faint_texts, looking, modules_on_screen
from tests.sandbox.house import House, open_house, open_receiver
from tests.sandbox.operations.test_precreate import order
from tests.sandbox.test_callbacks import read

from paybus.gateway.query import QueryRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(house: House, code: str = "20170714000000000001", **changed: object) -> str:
    """Make an order with our client and give its BAR_CODE."""
    reply = await house.client().order(order(code, amount_fen=15800, subject="Jasmine tea, 250 g", **changed))
    return reply.bar_code or ""


async def test_the_code_on_the_screen_is_bar_code(chromium: Browser) -> None:
    """Module by module, what is painted is the QR code of BAR_CODE with four modules of white around it."""
    async with open_house() as house, looking(chromium, DESK) as page:
        bar_code = await shown(house)
        await page.goto(bar_code)
        await expect(page.get_by_role("img", name=bar_code)).to_be_in_viewport(ratio=1)
        expected = [list(row) for row in segno.make_qr(bar_code, error="m").matrix_iter(border=4)]
        assert await modules_on_screen(page, len(expected)) == expected


async def test_paying_brings_the_callback(chromium: Browser, pictures: Path) -> None:
    """A press charges once; the page looks again by itself until the merchant has the callback."""
    async with open_receiver() as receiver, open_house() as house, looking(chromium, DESK) as page:
        receiver.answering.clear()
        await page.goto(await shown(house, notify_url=receiver.url))
        await page.screenshot(path=pictures / "customer.png")
        await page.get_by_role("button", name="Pay ¥158.00").click()
        await expect(page.get_by_role("status")).to_have_text("Paid")
        await expect(page.get_by_text("On its way")).to_be_visible()
        receiver.answering.set()
        await expect(page.get_by_text("Delivered at attempt 1")).to_be_visible()
        await page.locator(".card").screenshot(path=pictures / "customer-paid.png")
        told = read(receiver)  # raises if the sign is wrong
        assert (told.charge_code, told.state, told.amount_fen) == ("20170714000000000001", 1, 15800)
        assert house.effects() == [("charge", "20170714000000000001", 15800, "customer")]


async def test_declining_closes_the_order(chromium: Browser) -> None:
    """The other button: no money moves, nothing is told, and there is nothing more to press or to scan."""
    async with open_receiver() as receiver, open_house() as house, looking(chromium, DESK) as page:
        await page.goto(await shown(house, "D1", notify_url=receiver.url))
        await page.get_by_role("button", name="Decline").click()
        await expect(page.get_by_role("status")).to_have_text("Declined")
        await expect(page.get_by_text("None: only payments are told")).to_be_visible()
        assert await page.locator("button, figure").count() == 0
        assert (await house.client().query(QueryRequest(code="D1"))).state == 6
        assert (house.effects(), receiver.received) == ([], [])


async def test_it_fits_a_phone(chromium: Browser) -> None:
    """Nothing is wider than the screen, and what is to be pressed is on it and as large as a finger."""
    async with open_house() as house, looking(chromium, PHONE) as page:
        for path in (await shown(house, "L" * 64), f"{house.address}/customer"):
            await page.goto(path)
            assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await page.get_by_role("link", name="L" * 64).click()
        pay = page.get_by_role("button", name="Pay")
        await expect(pay).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("img", name="QR code")).to_be_in_viewport(ratio=1)
        assert ((await pay.bounding_box()) or {})["height"] >= 44


async def test_a_keyboard_is_enough(chromium: Browser) -> None:
    """The first that Tab reaches is to pay, the second to decline."""
    async with open_house() as house, looking(chromium, DESK) as page:
        for keys, state in ((["Tab", "Enter"], "Paid"), (["Tab", "Tab", "Enter"], "Declined")):
            await page.goto(await shown(house, state))
            for key in keys:
                await page.keyboard.press(key)
            await expect(page.get_by_role("status")).to_have_text(state)


async def test_every_text_can_be_read(chromium: Browser) -> None:
    """Texts have the contrast that WCAG AA demands, in every state of every page."""
    async with open_house() as house, looking(chromium, DESK) as page:
        urls = [await shown(house, code) for code in ("pending", "paid", "declined")]
        house.gateway.customers.approve(house.gateway.books.orders[1])
        house.gateway.customers.decline(house.gateway.books.orders[2])
        for url in (*urls, f"{house.address}/customer"):
            await page.goto(url)
            assert await faint_texts(page) == []
