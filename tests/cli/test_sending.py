"""Commands asked for by hand: their options are the fields of the commands, and wrong ones are told."""

from pathlib import Path

import pytest
from tests.cli.conftest import Paybus

from paybus.cli.embedded.merchant_files import MerchantFiles


@pytest.fixture(autouse=True)
def _nowhere(paybus: Paybus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the broker be where nobody answers, and three merchants be known."""
    MerchantFiles.make_up(tmp_path)
    monkeypatch.setenv("PAYBUS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("PAYBUS_MERCHANTS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("pay", ["--amount-fen", "--auth-code", "--sub-openid", "--expires-at", "--goods", "--wait"]),
        ("refund", ["--out-refund-no", "--amount-fen", "--subject"]),
        ("cancel", ["--charge-code", "--method"]),
    ],
)
def test_every_field_is_an_option(paybus: Paybus, command: str, options: list[str]) -> None:
    """Named and described as the contract does."""
    shown = paybus(command, "--help")
    assert shown.code == 0
    assert all(option in shown.printed for option in options)
    assert "RFC 3339" in shown.printed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pay", "--amount-fen", "0"], "amount_fen: "),
        (["pay", "--amount-fen", "5", "--method", "barcode"], "auth_code is missing: "),
        (["pay", "--amount-fen", "5", "--method", "cash"], "method: "),
        (["pay", "--amount-fen", "5", "--charge-code", "A B"], "charge_code: "),
        (["pay", "--amount-fen", "5", "--expires-at", "tomorrow"], "expires_at: "),
        (["pay", "--amount-fen", "5", "--goods", "tea"], "--goods: not JSON; "),
        (["cancel", "--charge-code", "A", "--method", "quietly"], "method: "),
    ],
)
def test_a_wrong_field_is_told_in_a_sentence(paybus: Paybus, arguments: list[str], sentence: str) -> None:
    """In the words a service would reject it with, before anything is sent; code 2."""
    ended = paybus(*arguments)
    assert ended.code == 2
    assert ended.complained.startswith(sentence)
    assert len(ended.complained.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["refund", "--charge-code", "A"], ["cancel"], ["pay"]])
def test_what_cannot_be_chosen_for_somebody_is_asked_for(paybus: Paybus, arguments: list[str]) -> None:
    """How much, and of which trade."""
    ended = paybus(*arguments)
    assert ended.code == 2
    assert "Missing option" in ended.complained


def test_without_merchants_somebody_must_say_for_whom(
    paybus: Paybus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first merchant is chosen only where merchants are known."""
    monkeypatch.delenv("PAYBUS_MERCHANTS_DIRECTORY")
    ended = paybus("cancel", "--charge-code", "A")
    assert ended.code == 2
    assert ended.complained.startswith("--merchant-id is missing: ")


@pytest.mark.parametrize("arguments", [["pay", "--amount-fen", "5"], ["events"]])
def test_a_broker_that_does_not_answer_is_told_in_a_sentence(paybus: Paybus, arguments: list[str]) -> None:
    """Not in the lines of a library."""
    ended = paybus(*arguments)
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_KAFKA_BOOTSTRAP: ")
    assert len(ended.complained.splitlines()) == 1


def test_a_ledger_that_does_not_answer_is_told_in_a_sentence(
    paybus: Paybus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for `migrate`."""
    monkeypatch.setenv("PAYBUS_DATABASE_URL", "postgresql://paybus:correct-horse@127.0.0.1:1/paybus")
    ended = paybus("trade", "A")
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_DATABASE_URL: ")
    assert "correct-horse" not in ended.complained


def test_where_nothing_runs_nothing_is_stopped(paybus: Paybus) -> None:
    """`paybus down` twice is `paybus down`."""
    ended = paybus("down")
    assert (ended.code, ended.printed) == (0, "nothing runs\n")
