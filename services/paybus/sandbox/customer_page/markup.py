"""HTML that is put together safely: what is not known to be markup is escaped."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def fill(template: str, **values: str) -> Markup:
    """Fill the `{names}` of a template of ours with *values*, all escaped that are no Markup."""
    return Markup(
        template.format_map(
            {name: value if isinstance(value, Markup) else escape(value) for name, value in values.items()}
        )
    )


def join(pieces: Iterable[Markup]) -> Markup:
    """Put pieces one behind the other."""
    return Markup("".join(pieces))
