"""The gateway's habits as a file (PAYBUS_PROFILE): what its return codes mean, and how patient to be with it.

    [return_codes.WALLET_CLOSED]        # added to the reviewed table, or put in place of a row of it
    pay = "declined"                    # executed, declined, not_executed or unknown; what is left out stays
    refund = "unknown"                  # as it was: as in the table, or unknown
    ask = true                          # believe it only when an inquiry has confirmed it (default: false)

    [capabilities]                      # in place of the setting of this name
    query_lag_seconds = 3.0             # PAYBUS_QUERY_LAG_SECONDS

Problems are all told at once, one sentence each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
import re
import tomllib
from typing import Any, Final

from paybus.gateway.errors import ProfileFileError
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import RETURN_CODES, UNLISTED, Meaning, Next, Table

CODE: Final = "^[A-Z0-9_]{1,64}$"
"""How return codes are written; other text in a file is a slip of the pen."""

CAPABILITIES: Final[Mapping[str, tuple[float, float]]] = {
    "query_lag_seconds": (0.0, 60.0),
}
"""Least and most of each, as in the settings of the same names."""

_SECTIONS: Final = ("return_codes", "capabilities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of the gateway; None is for the settings to say."""

    return_codes: Table = field(default_factory=lambda: RETURN_CODES)
    query_lag_seconds: float | None = None


def load_profile(path: Path) -> Profile:
    """Read a profile; raises ProfileFileError with every problem found."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileFileError([f"{path}: cannot be read ({error.strerror})"]) from None
    except ValueError as error:  # a profile has no secrets: the parser may say where it stopped
        raise ProfileFileError([f"{path}: is not a TOML file in UTF-8 ({error})"]) from None
    problems = [f"{path}: {problem}" for problem in find_problems(document)]
    if problems:
        raise ProfileFileError(problems)
    rows = {code: _row(code, row) for code, row in document.get("return_codes", {}).items()}
    return Profile(return_codes={**RETURN_CODES, **rows}, **document.get("capabilities", {}))


def find_problems(document: Mapping[str, Any]) -> list[str]:
    """List everything that is wrong with a profile, one sentence each."""
    problems = [f"{name} is not a section" for name in document if name not in _SECTIONS]
    sections = {name: document.get(name, {}) for name in _SECTIONS}
    problems += [f"{name} must be a section" for name, one in sections.items() if not isinstance(one, dict)]
    if problems:
        return problems
    for code, row in sections["return_codes"].items():
        problems += [f"return_codes.{code}: {problem}" for problem in _row_problems(code, row)]
    problems += [
        problem
        for name, value in sections["capabilities"].items()
        if (problem := _capability_problem(name, value))
    ]
    return problems


def _row_problems(code: str, row: object) -> Iterator[str]:
    if not re.fullmatch(CODE, code):
        yield "a return code has capital letters, digits and underscores, 64 at most"
    if not isinstance(row, dict):
        yield "must be a section"
        return
    judged = [name for name in row if name in set(Kind)]
    yield from (f"{name} is not a setting" for name in row if name not in {*Kind, "ask"})
    if not judged:
        yield f"judges nothing: write {', '.join(Kind)} or several of them"
    for name in judged:
        if row[name] not in list(Verdict):  # it may be anything, also what has no hash
            yield f"{name} must be one of {', '.join(Verdict)}"
    ask = row.get("ask", False)
    if not isinstance(ask, bool):
        yield "ask must be true or false"
    elif ask and "not_executed" in map(row.get, judged):
        yield "not_executed cannot be asked about: write unknown, and the inquiry decides"


def _capability_problem(name: str, value: object) -> str | None:
    if name not in CAPABILITIES:
        return f"capabilities.{name} is not a setting"
    least, most = CAPABILITIES[name]
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return None
    return f"capabilities.{name} must be a number from {least} to {most}"


def _row(code: str, row: Mapping[str, Any]) -> Mapping[Kind, Meaning]:
    after = Next.ASK if row.get("ask", False) else Next.BELIEVE
    before = RETURN_CODES.get(code, dict.fromkeys(Kind, UNLISTED))
    return {kind: Meaning(Verdict(row[kind]), after) if kind in row else before[kind] for kind in Kind}
