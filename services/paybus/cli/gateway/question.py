"""One operation of the gateway as a command: what differs is a value, what is the same is here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from rich.console import RenderableType
import typer

from paybus.cli.gateway.caller import Caller, MerchantOption, MerchantsOption, call, choose_merchant
from paybus.cli.gateway.display import json_of, show
from paybus.cli.gateway.verdict import check

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: the type of its values and typer's description of it."""

    kind: Any
    described: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What can be asked.

    `ask` gets who asks and the options' values, `picture` gives what a person is shown of the reply.
    `prepare` may change the values before anything is sent: read a password, say.
    """

    name: str
    help: str
    options: Mapping[str, Option]
    ask: Callable[[Caller, Fields], Awaitable[Any]]
    picture: Callable[[Any], RenderableType]
    prepare: Callable[[Fields], Fields] = dict


_SHARED: Mapping[str, Option] = {
    "merchants": Option(Path | None, MerchantsOption),
    "merchant": Option(str | None, MerchantOption),
    "as_json": Option(bool, typer.Option(False, "--json", help="The whole reply as JSON.")),
}


def add(app: typer.Typer, question: Question) -> None:
    """Make *question* a command of *app*."""

    def command(*, merchants: Path | None, merchant: str | None, as_json: bool, **fields: Any) -> None:
        asked_by = choose_merchant(merchants, merchant)
        prepared = question.prepare(fields)
        reply = call(asked_by, lambda caller: question.ask(caller, prepared))
        if as_json:
            show(json_of(reply))
        check(reply)
        if not as_json:
            show(question.picture(reply))

    options = {**question.options, **_SHARED}
    command.__signature__ = Signature(  # type: ignore[attr-defined]  # what typer reads
        [
            Parameter(name, Parameter.KEYWORD_ONLY, default=option.described, annotation=option.kind)
            for name, option in options.items()
        ]
    )
    command.__annotations__ = {name: option.kind for name, option in options.items()}
    app.command(question.name, help=question.help)(command)
