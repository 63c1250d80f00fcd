"""What anybody may have sent is shown without secrets, and cannot steer the terminal."""

import pytest

from paybus.cli.dead_letter.legible import MOST_BYTES, header_lines, legible
from paybus.telemetry import redaction


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a registered secret, forgotten afterwards."""
    monkeypatch.setattr(redaction, "_secrets", [])
    redaction.register_secret("made-up-key-of-a-test")
    return "made-up-key-of-a-test"


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (None, "null"),
        (b"", ""),
        ("商户 A1".encode(), "商户 A1"),
        (b"\xff\xfe", "0xfffe"),
        (b"\x1b[2J\r\n\x00", r"\x1b[2J\r\n\x00"),
        ("a\u202eb".encode(), r"a\u202eb"),
    ],
)
def test_bytes_become_one_line(part: bytes | None, shown: str) -> None:
    """Text as text, other bytes in digits, and nothing that a terminal would obey."""
    assert legible(part) == shown


def test_line_ends_stay_where_they_help() -> None:
    """A value on many lines is read on many lines."""
    assert legible(b"{\n\t}", lines=True) == "{\n\\t}"


@pytest.mark.parametrize(
    "value",
    [
        b'{"auth_code": "280000000000000001"}',
        b'{"auth_code" :\n "280000000000000001", }',
        b"AUTH_CODE=280000000000000001",
        b"{authCode: 280000000000000001",
        b'\xff"auth_code":"280000000000000001"',
        '{"auth_code": "280000000000000001"}'.encode("utf-16-le"),
    ],
)
def test_a_customers_code_is_never_shown(value: bytes) -> None:
    """It is good for one payment, also in a record that is no JSON, and also in hexadecimal digits."""
    shown = legible(value)
    assert "2800000000" not in shown
    assert b"28000000".hex() not in shown
    assert "280000".encode("utf-16-le").hex() not in shown
    assert "**" in shown or b"**".hex() in shown or "*\\x00*" in shown


def test_registered_secrets_are_never_shown(secret: str) -> None:
    """A merchant's key in a record is not shown with it."""
    assert secret not in legible(f"sign with {secret}".encode())
    assert header_lines([("x", secret.encode())]) == ["x = [redacted]"]
    assert secret.encode().hex() not in legible(b"\xff" + secret.encode())


def test_headers_named_like_secrets_are_not_shown() -> None:
    """Null is no secret; everything else under such a name may be."""
    headers = [("authorization", b"Basic x"), ("api_key", None), ("traceparent", b"00-aa"), ("a", b"\xff")]
    assert header_lines(headers) == [
        "authorization = [redacted]",
        "api_key = null",
        "traceparent = 00-aa",
        "a = 0xff",
    ]


def test_what_nobody_reads_on_a_screen_is_cut() -> None:
    """A record may have a megabyte."""
    assert len(legible(b"x" * (MOST_BYTES + 5))) == MOST_BYTES
