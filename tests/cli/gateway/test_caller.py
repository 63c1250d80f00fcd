"""For whom a command asks, and what it says when it cannot ask at all."""

from pathlib import Path

import pytest
from tests.cli.conftest import Paybus
from tests.cli.gateway.conftest import KEY, PLAIN, Shop

MERCHANT = f'key = "{KEY}"\nbase_url = "http://user:hush-hush@127.0.0.1:1/"\noper_id = "o"\ndev_id = "d"\n'


def test_the_only_merchant_need_not_be_named(paybus: Paybus, tmp_path: Path) -> None:
    """And nobody listening is code 3, said without keys and passwords."""
    (tmp_path / "7.toml").write_text(MERCHANT)
    ended = paybus("channels", "--merchants", str(tmp_path))
    assert ended.code == 3
    assert ended.complained == "no connection to 127.0.0.1:1 could be made, so nothing was sent\n"


def test_of_several_one_must_be_named(shop: Shop, paybus: Paybus) -> None:
    """The sentence names those there are; one that is not among them is refused."""
    names = "0010000001, 0010000002, 0010000003\n"
    ended = paybus("channels")
    assert (ended.code, ended.complained) == (2, f"--merchant is missing: name one of {names}")
    ended = paybus("channels", "--merchant", "../0010000001")
    assert ended.code == 2
    assert ended.complained == f"no merchant ../0010000001 is configured: name one of {names}"


def test_another_merchants_broken_file_does_not_matter(paybus: Paybus, shop: Shop, tmp_path: Path) -> None:
    """Ours does, and every problem of it is told in one line without its value."""
    good = (shop.merchants / f"{PLAIN}.toml").read_text()
    (tmp_path / f"{PLAIN}.toml").write_text(good)
    (tmp_path / "8.toml").write_text(f'key = "{KEY}"\nbase_url = "hush-hush"\n')
    assert paybus("channels", "--merchants", str(tmp_path), "--merchant", PLAIN).code == 0
    ended = paybus("channels", "--merchants", str(tmp_path), "--merchant", "8")
    assert ended.code == 2
    assert len(ended.complained.splitlines()) == 1
    assert "oper_id is missing; " in ended.complained
    assert "hush-hush" not in ended.complained
    assert KEY not in ended.complained


def test_no_directory_and_an_empty_one_are_told(paybus: Paybus, tmp_path: Path) -> None:
    """What to write is in the sentence."""
    ended = paybus("query", "C")
    assert ended.code == 2
    assert ended.complained.startswith("--merchants is missing: name the directory of merchant files")
    ended = paybus("query", "C", "--merchants", str(tmp_path))
    assert (ended.code, ended.complained) == (2, f"{tmp_path}: there is no merchant file (*.toml)\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("query", " "), "chargeCode: missing or blank\n"),
        (("query", ".."), "a code must not be a relative path\n"),
        (("query", "C", "--by", "name"), "'name' is not one of 'charge_code', 'down_code', 'refund_number'"),
        (("batch-query", "--from", "never", "--to", "2026-01-01"), "'never' is no time"),
        (("batch-query", "--from", "2026-01-01"), "Missing option '--to'"),
        (("batch-query", "--from", "2026-01-01", "--to", "2026-01-01", "--page", "0"), "Invalid value"),
    ],
)
def test_what_is_asked_wrongly_is_code_2(
    shop: Shop, paybus: Paybus, arguments: tuple[str, ...], sentence: str
) -> None:
    """Nothing is sent."""
    ended = paybus(*arguments, "--merchant", PLAIN)
    assert (ended.code, ended.printed) == (2, "")
    assert sentence in " ".join(ended.complained.replace("│", " ").split()) + "\n"
