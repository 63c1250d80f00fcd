"""With which code a command at the gateway ends: 0 done, 1 refused, 2 asked wrongly, 3 not answered."""

from typing import Final, NoReturn

import typer

from paybus.cli.dead_letter.legible import plain
from paybus.cli.terminal import passing

REFUSED: Final = 1
"""The gateway's own no."""

NO_ANSWER: Final = 3
"""Nothing was heard from the gateway that could be read. What was asked wrongly is a CliError, code 2."""


def fail(sentence: str, *, code: int) -> NoReturn:
    """Say on stderr, in one line, what went wrong, and end with *code*."""
    passing.print(plain(sentence), markup=False, emoji=False, soft_wrap=True)
    raise typer.Exit(code)
