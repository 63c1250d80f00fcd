"""`paybus events`: the events topic, as it is or as it goes on."""

import asyncio
from typing import Annotated, Any

import msgspec
import typer

from paybus.cli.event_line import event_line
from paybus.cli.reconciliation.evidence import Told
from paybus.cli.setting import BrokerSettings
from paybus.cli.terminal import out
from paybus.cli.traffic.reader import read_topics
from paybus.contracts.topics import Topics
from paybus.runtime.settings import load_settings


def events(
    *,
    follow: Annotated[bool, typer.Option("--follow", help="From now on, until Ctrl-C.")] = False,
    only: Annotated[str, typer.Option(help="Only types that begin so, such as refund.")] = "",
    charge_code: Annotated[str | None, typer.Option(help="Only of this trade.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the events that are on Kafka, or those that come; repeats included."""
    settings = load_settings(BrokerSettings)

    def show(told: Told) -> None:
        if told.happening.startswith(only) and charge_code in {None, told.content.charge_code}:
            out.print(_json(told), markup=False) if as_json else out.print(event_line(told))

    asyncio.run(_read(settings, show, follow=follow))


async def _read(settings: BrokerSettings, show: Any, *, follow: bool) -> None:
    topic = Topics(settings.topic_prefix).trade_events
    async with read_topics(settings.brokers, topic, from_beginning=not follow) as reader:
        while follow or not await reader.has_all():
            for record in await reader.read():
                show(Told.read(record.value, record.headers))


def _json(told: Told) -> str:
    headers = {name: (value or b"").decode() for name, value in told.headers if name.startswith("ce_")}
    return msgspec.json.encode({**headers, "data": msgspec.Raw(told.value)}).decode()
