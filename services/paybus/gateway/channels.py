"""channel list: how a merchant's customers may pay (`GET payChannel/{merchant}`, docs/protocol.md §5.7)."""

from dataclasses import dataclass
from typing import Any

from paybus.gateway.endpoint import Endpoint
from paybus.gateway.members import Members
from paybus.gateway.merchant import Merchant
from paybus.gateway.parameters import path_segment
from paybus.gateway.reply import Answer, Reply
from paybus.gateway.target import Get

CHANNELS = Endpoint(name="channels", path="payChannel", root="PAY_CHANNEL_RESP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One payment channel (docs/protocol.md §7.2)."""

    channel_type: int | None
    name: str | None
    sort_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsReply(Reply):
    """The channels in the gateway's order."""

    channels: tuple[Channel, ...]


def write(merchant: Merchant) -> Get:
    """Give the request."""
    return Get(
        path=f"{CHANNELS.path}/{path_segment(merchant.merchant_id)}",
        signed=f"busiCode={merchant.merchant_id}",
        parameters={"busiCode": merchant.merchant_id},
    )


def read(answer: Answer) -> ChannelsReply:
    """Read the reply's members."""
    records = answer.members.records("PAY_CHANNEL_LIST", "PAY_CHANNEL")
    return ChannelsReply(channels=tuple(map(_channel, records)), **answer.head())


def _channel(record: dict[str, Any]) -> Channel:
    members = Members(record)
    return Channel(
        channel_type=members.integer("CHANNEL_TYPE"),
        name=members.text("CHANNEL_NAME"),
        sort_number=members.integer("SORT_NO"),
    )
