"""`paybus auth` and `paybus login`: what they show, and that a password is never seen."""

import io
import json
import os
import subprocess
import sys

import pytest
from tests.cli.conftest import Paybus
from tests.cli.gateway.conftest import ENCRYPTED, IN_XML, PLAIN, Shop

PASSWORD = "p@ss word+1"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password stand on standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\nsecond line"))


@pytest.mark.parametrize("merchant_id", [PLAIN, ENCRYPTED, IN_XML])
def test_what_an_operator_may_do_is_told_in_words(
    shop: Shop, paybus: Paybus, typed: None, merchant_id: str
) -> None:
    """Numbers of the account have their names."""
    ended = paybus("auth", "dev01", "--password-stdin", "--merchant", merchant_id)
    assert (ended.code, ended.complained) == (0, "")
    lines = [" ".join(line.split()) for line in ended.printed.splitlines()]
    assert lines[:2] == ["may refund yes", f"at merchant {merchant_id}"]
    assert "type may refund (2)" in lines
    assert "review approved (1)" in lines
    assert "refunds at scene yes (0)" in lines
    assert PASSWORD not in ended.printed


def test_a_clerk_may_not_refund(shop: Shop, paybus: Paybus, typed: None) -> None:
    """A yes to the question is code 0, whatever the operator may do; JSON has no password."""
    ended = paybus("auth", "clerk7", "--password-stdin", "--merchant", PLAIN, "--json")
    assert ended.code == 0
    told = json.loads(ended.printed)
    assert (told["success"], told["user"]["user_type"]) == (True, 1)
    assert PASSWORD not in ended.printed


def test_a_login_lists_channels_by_name(shop: Shop, paybus: Paybus, typed: None) -> None:
    """As the channel list does."""
    ended = paybus("login", "dev01", "--password-stdin", "--imei", "86", "--merchant", PLAIN)
    assert ended.code == 0
    assert "WeChat (2)" in ended.printed


@pytest.mark.parametrize("command", ["auth", "login"])
def test_a_wrong_password_is_the_gateways_no(
    shop: Shop, paybus: Paybus, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Code 1 with the gateway's words."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong\n"))
    ended = paybus(command, "dev01", "--password-stdin", "--merchant", PLAIN)
    assert (ended.code, ended.printed) == (1, "")
    assert ended.complained.startswith("the gateway refused: FAIL: user name or password is ")


@pytest.mark.parametrize(("given", "arguments"), [("\n", ("--password-stdin",)), ("secret\n", ())])
def test_without_a_password_nothing_is_sent(
    shop: Shop, paybus: Paybus, monkeypatch: pytest.MonkeyPatch, given: str, arguments: tuple[str, ...]
) -> None:
    """An empty one is refused; one on standard input counts only when that was asked for."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    ended = paybus("auth", "dev01", *arguments, "--merchant", PLAIN)
    assert ended.code == 2
    assert "password" in ended.complained
    assert len(ended.complained.splitlines()) == 1


def test_a_typed_password_is_not_echoed(shop: Shop) -> None:
    """At a real terminal: asked for, read, and nowhere on the screen."""
    ours, theirs = os.openpty()
    program = (
        "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "from paybus.cli.__main__ import main; main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "auth", "dev01", "--merchant", PLAIN],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    screen = read_until(ours, b"Password: ")  # its last blank is written when echo is off
    os.write(ours, PASSWORD.encode() + b"\n")
    screen += read_until(ours, None)
    assert process.wait() == 0
    assert b"may refund" in screen
    assert PASSWORD.encode() not in screen


def read_until(terminal: int, text: bytes | None) -> bytes:
    """Read what a terminal shows up to *text*, or to its end."""
    shown = b""
    while text is None or text not in shown:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # Linux says so when nobody holds the other end any more
            break
        if not part:
            break
        shown += part
    return shown
