"""auth and login at the sandbox."""

import pytest
from tests.sandbox.house import MERCHANT, House

from paybus.gateway.account import AuthRequest, LoginRequest


async def test_an_operator_is_told_what_he_may_do(house: House) -> None:
    """Everybody but a clerk may refund, at the merchant whose code is told."""
    client = house.client()
    chief = await client.auth(AuthRequest(username="dev01", password="p ss+1"))
    assert (chief.success, chief.may_refund, chief.company_code) == (True, True, MERCHANT.merchant_id)
    clerk = await client.auth(AuthRequest(username="clerk7", password="x"))
    assert (clerk.success, clerk.may_refund) == (True, False)


async def test_a_login_lists_the_channels(house: House) -> None:
    """The same channels as the channel list."""
    client = house.client()
    told = await client.login(LoginRequest(username="dev01", password="x", imei="86"))
    assert told.success
    assert told.channels == (await client.channels()).channels
    assert [channel.channel_type for channel in told.channels] == [1, 2, 31]


async def test_a_wrong_password_is_refused(house: House) -> None:
    """The password `wrong` is wrong."""
    client = house.client()
    assert not (await client.auth(AuthRequest(username="u", password="wrong"))).success
    refused = await client.login(LoginRequest(username="u", password="wrong"))
    assert (refused.success, refused.channels) == (False, ())


@pytest.mark.parametrize(
    ("operation", "text", "query", "success"),
    [
        ("auth", None, "&username=u&password=p", True),
        ("auth", None, "&username=u&password=p&busiCode=0010000001", True),
        ("auth", "busiCode=null", "&username=u&password=p&busiCode=0010000001", True),
        ("auth", "busiCode=0010000001", "&username=u&password=p&busiCode=0010000001", True),
        ("auth", "other", "&username=u&password=p&busiCode=0010000001", False),
        ("auth", "busiCode=null", "&username=u&password=p", False),
        ("auth", None, "&username=u&password=p&busiCode=0099999999", False),
        ("auth", None, "&username=u", False),
        ("login", None, "&username=u&password=p", True),
        ("login", "username=u", "&username=u&password=p&busiCode=0010000001", True),
        ("login", "username=v", "&username=u&password=p&busiCode=0010000001", False),
    ],
)
async def test_a_sign_may_be_missing_but_not_wrong(
    house: House, operation: str, text: str | None, query: str, *, success: bool
) -> None:
    """Unsigned requests are believed; a sign that is there must be right, and needs a merchant."""
    made = "" if text is None else f"&sign={house.signed(text)}"
    reply = (await house.http.get(f"{house.base}{operation}?_type=json{query}{made}")).json()
    assert reply["success"] is success
    assert "RESULT" not in reply
