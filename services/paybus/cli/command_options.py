"""The options of `paybus pay`, `refund` and `cancel`, made from the fields of the commands themselves."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import Any, Final

import msgspec
import typer

from paybus.contracts.command import COMMANDS
from paybus.contracts.field_text import field_texts
from paybus.trades.operation import Kind

_FILLED_IN: Final = frozenset({"merchant_id", "charge_code", "out_refund_no"})
"""Fields that a command cannot do without, and that we can choose where nobody did."""

DEFAULTS: Final[Mapping[Kind, Mapping[str, Any]]] = MappingProxyType(
    {
        Kind.PAY: {"method": "native", "channel_type": 1, "subject": "By hand"},
        Kind.REFUND: {"subject": "By hand"},
        Kind.CANCEL: {},
    }
)

_WAIT: Final = Parameter(
    "wait",
    Parameter.KEYWORD_ONLY,
    default=typer.Option(False, "--wait", help="Wait for its events, until one answers it."),
    annotation=bool,
)


def with_options(kind: Kind, send: Callable[[Kind, dict[str, Any], bool], None]) -> Callable[..., None]:
    """Give a function for typer that has one option for each field of a command, and calls *send*."""

    def command(*, wait: bool, **fields: Any) -> None:
        send(kind, {name: value for name, value in fields.items() if value is not None}, wait)

    parameters = [*_parameters(kind), _WAIT]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__doc__ = f"{COMMANDS[kind].__doc__}\n\nSends one command by hand to the running system."
    return command


def _parameters(kind: Kind) -> list[Parameter]:
    texts = field_texts(COMMANDS[kind])
    return [
        _parameter(field, texts.get(field.name), DEFAULTS[kind].get(field.name, _default_of(field, kind)))
        for field in msgspec.structs.fields(COMMANDS[kind])
    ]


def _default_of(field: msgspec.structs.FieldInfo, kind: Kind) -> Any:
    may_be_missing = not field.required or field.name in _chosen_by_us(kind)
    return None if may_be_missing else ...


def _chosen_by_us(kind: Kind) -> frozenset[str]:
    return _FILLED_IN if kind is Kind.PAY else _FILLED_IN - {"charge_code"}


def _parameter(field: msgspec.structs.FieldInfo, text: str | None, default: Any) -> Parameter:
    shape = _shape_of(msgspec.inspect.type_info(field.type))
    words = "|".join(map(str, shape.values)) if isinstance(shape, msgspec.inspect.LiteralType) else None
    kind: Any = int if isinstance(shape, msgspec.inspect.IntType) else str
    option = typer.Option(default, f"--{field.name.replace('_', '-')}", help=text, metavar=words)
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=option, annotation=kind | None)


def _shape_of(info: Any) -> Any:
    """Give the kind of value a field has, without limits and without "or nothing"."""
    match info:
        case msgspec.inspect.Metadata():
            return _shape_of(info.type)
        case msgspec.inspect.UnionType():
            (shape,) = (one for one in info.types if not isinstance(one, msgspec.inspect.NoneType))
            return _shape_of(shape)
    return info
