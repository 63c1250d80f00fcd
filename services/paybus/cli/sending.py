"""`paybus pay`, `paybus refund`, `paybus cancel`: one command, asked for by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
import json
from typing import Any, Final

import msgspec

from paybus.cli.errors import CliError
from paybus.cli.event_line import event_line
from paybus.cli.reconciliation.evidence import Told
from paybus.cli.setting import SenderSettings
from paybus.cli.terminal import out, passing
from paybus.cli.traffic.answer import answers
from paybus.cli.traffic.message import Message
from paybus.cli.traffic.reader import CLIENT_ID, TopicReader, read_topics
from paybus.cli.traffic.sender import Sender
from paybus.contracts.command import Command, decode, identify
from paybus.contracts.errors import ContractError
from paybus.contracts.topics import Topics
from paybus.gateway.errors import MerchantFileError
from paybus.gateway.merchant import load_merchants
from paybus.runtime.kafka import Brokers, open_producer
from paybus.runtime.settings import load_settings
from paybus.telemetry.redaction import REDACTED, is_secret_name
from paybus.trades.operation import Kind

WAIT_SECONDS: Final = 120.0
"""For an answer: a customer has 80 s to type a PIN."""


def send_by_hand(kind: Kind, fields: dict[str, Any], wait: bool) -> None:
    """Send one command and say what was sent; with *wait*, also what becomes of it."""
    settings = load_settings(SenderSettings)
    command = _command(kind, _filled_in(kind, fields, settings))
    asyncio.run(_send(command, settings, wait=wait))


def _filled_in(kind: Kind, fields: dict[str, Any], settings: SenderSettings) -> dict[str, Any]:
    """Choose what nobody chose: the first merchant, and numbers that were never used."""
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    chosen: dict[str, Any] = {"charge_code": f"H{now}"} if kind is Kind.PAY else {}
    if kind is Kind.REFUND:
        chosen["out_refund_no"] = f"H{now}"
    if "merchant_id" not in fields:
        chosen["merchant_id"] = _first_merchant(settings)
    return chosen | fields


def _first_merchant(settings: SenderSettings) -> str:
    if settings.merchants_directory is None:
        raise CliError("--merchant-id is missing: say for whom, or set PAYBUS_MERCHANTS_DIRECTORY")
    try:
        return next(iter(load_merchants(settings.merchants_directory)))
    except MerchantFileError as error:
        raise CliError(f"PAYBUS_MERCHANTS_DIRECTORY: {error.problems[0]}") from None


def _command(kind: Kind, fields: dict[str, Any]) -> Command:
    """Read the command as the services will; raises CliError with their words."""
    try:
        if "goods" in fields:
            fields = {**fields, "goods": json.loads(fields["goods"])}
        value = msgspec.json.encode(fields)
        identify(value, kind)
        return decode(value, kind)
    except ContractError as error:
        raise CliError(error.message) from None
    except ValueError:
        raise CliError("--goods: not JSON; write a list of lines, as docs/messages.md shows them") from None


async def _send(command: Command, settings: SenderSettings, *, wait: bool) -> None:
    topics, brokers = Topics(settings.topic_prefix), settings.brokers
    async with _listening(brokers, topics, wait=wait) as reader:
        async with open_producer(brokers, client_id=CLIENT_ID) as producer:
            sender = Sender(producer, topics)
            await sender.send([Message.of(command)])
        topic, partition, offset = sender.sent[0].position
        out.print(f"{topic}, partition {partition}, offset {offset}")
        out.print(json.dumps(_shown(command), ensure_ascii=False, indent=2), markup=False)
        if reader is not None:
            await _await_answer(reader, command)


@asynccontextmanager
async def _listening(brokers: Brokers, topics: Topics, *, wait: bool) -> AsyncIterator[TopicReader | None]:
    """Listen from before the command is sent, if anybody waits."""
    if not wait:
        yield None
        return
    async with read_topics(brokers, topics.trade_events, from_beginning=False) as reader:
        yield reader


async def _await_answer(reader: TopicReader, command: Command) -> None:
    passing.print(f"waiting for its answer, {WAIT_SECONDS:g} s at most")
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for record in await reader.read():
                    told = Told.read(record.value, record.headers)
                    if told.place == (command.merchant_id, command.charge_code):
                        out.print(event_line(told))
                    if answers(told, command):
                        return
    except TimeoutError:
        problem = f"no answer in {WAIT_SECONDS:g} s: paybus trade {command.charge_code} shows how far it is"
        raise CliError(problem) from None


def _shown(command: Command) -> dict[str, Any]:
    """Give what was sent, without what a customer's wallet showed: it is good for one payment."""
    fields: dict[str, Any] = msgspec.to_builtins(command)
    return {name: REDACTED if is_secret_name(name) else value for name, value in fields.items()}
