"""Keep secrets out of the log: by the name of a field, and by the secrets themselves."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import lru_cache
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

from msgspec import Struct, structs
from structlog.typing import EventDict

REDACTED = "[redacted]"

_SECRET_WORDS = frozenset(
    {
        "key", "keys", "sign", "signature", "password", "passwd", "secret", "secrets", "token", "tokens",
        "authorization", "credential", "credentials", "cookie",
    }
)  # fmt: skip
_SECRET_NAMES = frozenset({"auth_code"})  # what a customer's wallet shows: good for one payment
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_URL_PARAMETER = re.compile(r"(?i)([?&](?:sign|key|password|secret|token|auth_?code)=)[^&\s\"']+")
_SHORTEST_SECRET = 4  # a shorter one stands in half of all words: the log would be hidden, not the secret
_DEEPEST = 8  # nobody logs deeper on purpose; a structure that contains itself ends here

_secrets: list[str] = []


def register_secret(secret: str) -> None:
    """Never let *secret* (a merchant's key, a password) into the log, also quoted for a URL or for JSON.

    Secrets of less than four characters cannot be told from ordinary text and are not registered.
    """
    if len(secret) < _SHORTEST_SECRET:
        return
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    forms = {secret, *quoted, json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    _secrets[:] = sorted({*_secrets, *forms}, key=len, reverse=True)  # a longer one may contain a shorter


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Redact every field of an event: a structlog processor, to run last before rendering."""
    return {redact_text(name): _field(name, value, _DEEPEST) for name, value in event.items()}


def redact_text(text: str) -> str:
    """Replace registered secrets, passwords in URLs and secret URL parameters in *text*."""
    if _secrets and len(text) >= len(_secrets[-1]):
        for secret in _secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\g<1>{REDACTED}@", text)
    return _URL_PARAMETER.sub(rf"\g<1>{REDACTED}", text) if "=" in text else text


@lru_cache(maxsize=1024)  # names are written in the code: there are some hundred
def is_secret_name(name: str) -> bool:
    """Say whether a field of that name holds a secret; words count, so `monkey` and `design` do not."""
    words = (word.lower() for word in _WORD.findall(name))
    return name.lower() in _SECRET_NAMES or not _SECRET_WORDS.isdisjoint(words)


def _field(name: object, value: object, depth: int) -> object:
    if isinstance(name, str) and value is not None and is_secret_name(name):
        return REDACTED
    return _value(value, depth)


def _value(value: object, depth: int) -> object:
    """Give *value* in types that every renderer knows; anything else becomes text, which can be searched."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact_text(value)
        case Mapping() | Struct() | list() | tuple() | AbstractSet():
            return _container(value, depth - 1) if depth else "[nested too deep]"
        case _ if is_dataclass(value) and not isinstance(value, type):
            members = {field.name: getattr(value, field.name) for field in fields(value)}
            return _value(members, depth)
        case _:
            return redact_text(_text(value))


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"  # repr would quote what may be quoted already
    return str(value)


def _container(value: Any, depth: int) -> object:
    members = structs.asdict(value) if isinstance(value, Struct) else value
    if isinstance(members, Mapping):
        return {redact_text(str(name)): _field(name, member, depth) for name, member in members.items()}
    return [_value(member, depth) for member in members]
