"""No secret reaches the log, wherever it stands."""

from dataclasses import dataclass, field
import json
import logging
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
import pytest
import structlog
from tests.telemetry.conftest import Written

from paybus.gateway.merchant import Merchant
from paybus.telemetry import redaction
from paybus.telemetry.redaction import REDACTED, is_secret_name, redact, redact_text, register_secret

KEY = 'k3y"of/the&merchant'


@dataclass
class Card:
    """Something with a secret member and an innocent one."""

    sign: str = "ABCDEF"
    name: str = "Bo"
    inner: dict[str, str] = field(default_factory=lambda: {"password": "hush"})


class Packed(Struct):
    """The same as a message of ours."""

    sign: str = "ABCDEF"
    name: str = "Bo"


@pytest.mark.parametrize(
    "name",
    [
        "key", "KEY", "merchant_key", "keys", "sign", "SIGN", "signature", "password", "database-password",
        "secret", "client_secret", "token", "accessToken", "AccessToken", "authorization", "Authorization",
        "auth_code", "cookie", "api.key", "key1",
    ],
)  # fmt: skip
def test_fields_with_the_name_of_a_secret_are_redacted(name: str) -> None:
    """Words of the name count, however it is written."""
    assert is_secret_name(name)
    assert redact(None, "info", {name: "x"}) == {name: REDACTED}


@pytest.mark.parametrize(
    "name",
    [
        "charge_code",
        "monkey",
        "design",
        "assigned",
        "signal",
        "keyboard",
        "event",
        "tokenizer",
        "out_refund_no",
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    """A log in which nothing can be read is no log."""
    assert redact(None, "info", {name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            {"headers": [{"Authorization": "x", "host": "h"}]},
            {"headers": [{"Authorization": REDACTED, "host": "h"}]},
        ),
        (({"sign": 1}, {"sign": None}), [{"sign": REDACTED}, {"sign": None}]),
        (Card(), {"sign": REDACTED, "name": "Bo", "inner": {"password": REDACTED}}),
        (Packed(), {"sign": REDACTED, "name": "Bo"}),
        ([{"a": [Packed()]}], [{"a": [{"sign": REDACTED, "name": "Bo"}]}]),
    ],
)
def test_names_count_inside_nested_values(value: object, shown: object) -> None:
    """In dictionaries, lists, dataclasses and messages, at any depth."""
    assert redact(None, "info", {"value": value}) == {"value": shown}


def test_a_merchant_can_be_logged(written: Written) -> None:
    """Whoever logs the whole object shows everything but the key."""
    merchant = Merchant(
        merchant_id="1", key="0123456789", base_url="http://g/", oper_id="2", dev_id="3", notify_url=None
    )
    structlog.get_logger().info("loaded", merchant=merchant)
    [line] = written()
    assert line["merchant"]["merchant_id"] == "1"
    assert "0123456789" not in json.dumps(line)


def raised(text: str) -> BaseException:
    try:
        raise ValueError(text)  # noqa: TRY301 -- for its traceback
    except ValueError as error:
        return error


@pytest.mark.parametrize("form", [KEY, quote(KEY, safe=""), quote(KEY), json.dumps({"a": KEY}), repr([KEY])])
@pytest.mark.parametrize(
    "place",
    [
        lambda text: {"text": f"before {text} after"},
        lambda text: {"bytes": text.encode()},
        lambda text: {"nested": [{"deep": (text,)}]},
        lambda text: {f"name {text}": 1},
        lambda text: {"nested": {f"name {text}": 1}},
        lambda text: {"error": ValueError(text)},
        lambda text: {"exc_info": raised(text)},
        lambda text: {"anything": type("Thing", (), {"__str__": lambda _self: text})()},
    ],
)
def test_a_registered_secret_is_nowhere_in_the_line(written: Written, form: str, place: Any) -> None:
    """In texts, bytes, names, nested values, errors and tracebacks; also quoted for a URL or for JSON."""
    register_secret(KEY)
    structlog.get_logger().info("said", **place(form))
    text = json.dumps(written(), ensure_ascii=False)
    for shape in (KEY, quote(KEY, safe=""), quote(KEY), json.dumps(KEY)[1:-1]):
        assert shape not in text
        assert json.dumps(shape)[1:-1] not in text
    assert REDACTED in text


def test_other_peoples_lines_are_redacted_too(written: Written) -> None:
    """A library that logs our URL with the standard library does not give the key away."""
    register_secret(KEY)
    logging.getLogger("library").error("refused %s", {"a": KEY}, exc_info=raised(KEY))
    text = json.dumps(written())
    assert "k3y" not in text
    assert text.count(REDACTED) >= 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://paybus:p:w@db:5432/x", f"postgresql://paybus:{REDACTED}@db:5432/x"),
        ("GET http://g/q?A=1&SIGN=ABC&B=2", f"GET http://g/q?A=1&SIGN={REDACTED}&B=2"),
        ("http://g/auth?password=hush", f"http://g/auth?password={REDACTED}"),
        ("http://127.0.0.1:80/a@b", "http://127.0.0.1:80/a@b"),
        ("sign=signature(body)", "sign=signature(body)"),
    ],
)
def test_secrets_in_urls_are_redacted_without_being_registered(text: str, shown: str) -> None:
    """The password of an address and the sign of a request; code in a traceback stays readable."""
    assert redact_text(text) == shown


def test_the_longer_of_two_secrets_is_replaced_first() -> None:
    """Where one secret begins with another, no rest of the longer one is left."""
    register_secret("abcd")
    register_secret("abcdefgh")
    assert redact_text("abcdefgh abcd") == f"{REDACTED} {REDACTED}"


@pytest.mark.parametrize("short", ["", "a", "abc"])
def test_what_is_too_short_to_be_a_secret_is_not_registered(short: str) -> None:
    """An empty password must not blot out every line."""
    register_secret(short)
    assert redact_text("abc") == "abc"


def test_a_structure_that_contains_itself_ends(written: Written) -> None:
    """A log call never hangs."""
    endless: list[object] = []
    endless.append(endless)
    structlog.get_logger().info("odd", value=endless)
    assert "nested too deep" in json.dumps(written())


@given(before=st.text(), secret=st.text(min_size=4), after=st.text())
def test_no_text_hides_a_secret(before: str, secret: str, after: str) -> None:
    """Whatever surrounds it, no part of the text between two replacements still has it."""
    kept, redaction._secrets[:] = redaction._secrets[:], []
    try:
        register_secret(secret)
        assert not any(secret in rest for rest in redact_text(before + secret + after).split(REDACTED))
    finally:
        redaction._secrets[:] = kept
