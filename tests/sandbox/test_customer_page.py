"""The pages on which a person plays the customer."""

from tests.sandbox.house import House
from tests.sandbox.operations.test_precreate import order


async def test_the_bar_code_leads_to_a_page_that_pays(house: House) -> None:
    """What a merchant shows as a QR code is a page with two buttons; pressing one decides the order."""
    shown = await house.client().order(order(subject="Tea <b>", charge_code="O<1>"))
    url = shown.bar_code or ""
    page = (await house.http.get(url)).text
    assert "¥0.01" in page
    assert "Tea &lt;b&gt;" in page
    assert "Decline" in page
    waiting = (await house.http.get(f"{house.address}/customer")).text
    assert "O&lt;1&gt;" in waiting
    after = await house.http.post(f"{url}/approve", follow_redirects=True)
    assert "paid" in after.text
    assert "Decline" not in after.text
    assert house.effects() == [("charge", "O<1>", 1, "customer")]
    assert "None." in (await house.http.get(f"{house.address}/customer")).text


async def test_declining_closes_the_order(house: House) -> None:
    """The other button; an address that leads nowhere says so."""
    shown = await house.client().order(order())
    after = await house.http.post(f"{shown.bar_code}/decline", follow_redirects=True)
    assert "closed" in after.text
    assert house.effects() == []
    assert (await house.http.get(f"{house.address}/customer/1/2")).status_code == 404
