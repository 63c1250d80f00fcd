"""channel list: how a merchant's customers may pay (`GET payChannel/{merchant}`, docs/protocol.md §5.7)."""

from typing import Any, Final

from paybus.sandbox.admission import Asked
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.operations.attendance import inform
from paybus.sandbox.reply import Answer
from paybus.sandbox.request import Request

CHANNELS: Final = ((1, "支付宝"), (2, "微信"), (31, "QQ钱包"))
"""(channel type, name) in the order shown."""


def signed_texts(request: Request) -> list[str]:
    """Give the signed text."""
    return [f"busiCode={request.segments[0]}"]


async def channels(gateway: Gateway, asked: Asked) -> Answer:
    """List the channels, the same for every merchant."""
    return await inform(gateway, asked, lambda _gateway, _asked: Answer("SUCCESS", "ok", _members()))


def _members() -> dict[str, Any]:
    listed = [
        {"CHANNEL_TYPE": number, "CHANNEL_NAME": name, "SORT_NO": place}
        for place, (number, name) in enumerate(CHANNELS, start=1)
    ]
    return {"PAY_CHANNEL_LIST": listed}
