"""The merchants we act for, one TOML file each (docs/protocol.md §1, §3).

The file's name is the merchant id: `0010000001.toml`. Settings: `key`, `base_url`, `oper_id`,
`dev_id` (all required), `encrypt` (false), `notify_url` (none), `write_off_url` (the `base_url`),
`request_format` and `reply_format` ("json"); what the gateway allows him, each process counting for itself:
`calls_per_second` (no limit), `burst` (as many as in a second), `errors_per_minute` (no limit).
No setting has a default that points at a real gateway.
Problems are all told at once, without showing any value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
import tomllib
from typing import Any
from urllib.parse import urlsplit

from paybus.gateway.document import FORMATS, Format
from paybus.gateway.errors import MerchantFileError, UnknownMerchantError

_REQUIRED = ("key", "base_url", "oper_id", "dev_id")
_LIMITS = ("calls_per_second", "burst", "errors_per_minute")
_MOST = 10_000  # a second or a minute: above it a limit limits nothing that one process can do
_OPTIONAL = (
    "merchant_id", "encrypt", "notify_url", "write_off_url", "request_format", "reply_format", *_LIMITS
)  # fmt: skip
_SHORTEST_KEY = 8  # bytes of one DES key; real keys have 32 or 40 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """One merchant's identity and secrets. URLs end in "/"; `encrypt` switches 3DES on.

    `request_format` is that of the bodies of pay, order and refund; `reply_format` (`_type`) is asked for.
    """

    merchant_id: str
    key: str = field(repr=False)
    base_url: str
    oper_id: str
    dev_id: str
    encrypt: bool = False
    notify_url: str | None = None
    write_off_url: str | None = None
    request_format: Format = "json"
    reply_format: Format = "json"
    calls_per_second: float | None = None
    burst: int | None = None
    errors_per_minute: int | None = None


def load_merchants(directory: Path) -> dict[str, Merchant]:
    """Read every `*.toml` of *directory*, by merchant id; raises MerchantFileError with all problems."""
    files = merchant_files(directory)
    problems = [] if files else [f"{directory}: there is no merchant file (*.toml)"]
    merchants: dict[str, Merchant] = {}
    for path in files:
        try:
            merchants[path.stem] = load_merchant(path)
        except MerchantFileError as error:
            problems.extend(error.problems)
    if problems:
        raise MerchantFileError(problems)
    return merchants


def merchant_files(directory: Path) -> list[Path]:
    """Give the merchant files of *directory* in order; hidden ones are somebody's half-written ones."""
    return sorted(path for path in directory.glob("*.toml") if not path.name.startswith("."))


def load_merchant(path: Path) -> Merchant:
    """Read one merchant file; raises MerchantFileError with every problem found."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MerchantFileError([f"{path}: cannot be read ({error.strerror})"]) from None
    except ValueError:  # not chained: the parser's message could quote a line of the file
        raise MerchantFileError([f"{path}: is not a TOML file in UTF-8"]) from None
    problems = find_problems(settings, merchant_id=path.stem)
    if problems:
        raise MerchantFileError([f"{path}: {problem}" for problem in problems])
    return Merchant(**{"merchant_id": path.stem, **settings})


def merchant_of(merchants: Mapping[str, Merchant], merchant_id: str) -> Merchant:
    """Give the merchant of that id; raises UnknownMerchantError."""
    try:
        return merchants[merchant_id]
    except KeyError:
        raise UnknownMerchantError(merchant_id) from None


def find_problems(settings: Mapping[str, Any], *, merchant_id: str) -> list[str]:
    """List everything that is wrong with the settings of *merchant_id*, one sentence each."""
    known = (*_REQUIRED, *_OPTIONAL)
    problems = [f"{name} is not a setting" for name in settings if name not in known]
    problems += [f"{name} is missing" for name in _REQUIRED if name not in settings]
    present = [name for name in known if name in settings]
    problems += [problem for name in present if (problem := _problem(name, settings[name]))]
    if settings.get("merchant_id", merchant_id) != merchant_id:
        problems.append(f"merchant_id must be the file's name ({merchant_id})")
    if "burst" in settings and "calls_per_second" not in settings:
        problems.append("burst needs calls_per_second")
    return problems


def _problem(name: str, value: object) -> str | None:
    if name == "encrypt":
        return None if isinstance(value, bool) else "encrypt must be true or false"
    if name in _LIMITS:
        return _limit_problem(name, value)
    if not isinstance(value, str) or not value.strip() or value != value.strip():
        return f"{name} must be a text without blanks around it"
    return _text_problem(name, value)


def _limit_problem(name: str, value: object) -> str | None:
    least: float = 0.01 if name == "calls_per_second" else 1
    kinds = (int, float) if name == "calls_per_second" else (int,)
    if isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= _MOST:
        return None
    return f"{name} must be a {'' if float in kinds else 'whole '}number from {least} to {_MOST}"


def _text_problem(name: str, value: str) -> str | None:
    match name:
        case "key" if len(value) < _SHORTEST_KEY:
            return f"key must have at least {_SHORTEST_KEY} characters"
        case "base_url" | "write_off_url":
            return _url_problem(name, value) or _base_url_problem(name, value)
        case "notify_url":
            return _url_problem(name, value)
        case "request_format" | "reply_format" if value not in FORMATS:
            return f"{name} must be one of {', '.join(FORMATS)}"
    return None


def _base_url_problem(name: str, url: str) -> str | None:
    if "?" in url or not url.endswith("/"):
        return f'{name} must end in "/": operations are appended to it'
    return None


def _url_problem(name: str, url: str) -> str | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    good = usable and url.isascii() and "#" not in url and " " not in url
    return None if good else f"{name} must be an http URL"
