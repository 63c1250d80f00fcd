"""Commands that need no running system: what they say, and with which code they end."""

from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Paybus

from paybus.runtime.embedded_postgres import EmbeddedPostgres

MERCHANT = """
key = "MADE-UP-KEY-OF-A-TEST"
base_url = "https://gateway.example/openGateway/openService/"
oper_id = "oper01"
dev_id = "dev01"
encrypt = true
"""


def test_migrate_names_what_it_applied_and_then_has_nothing_to_do(
    paybus: Paybus, postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrating twice is migrating once."""
    url = postgres_server.create_database("migrated_by_hand")
    monkeypatch.setenv("PAYBUS_DATABASE_URL", url)
    first, second = paybus("migrate"), paybus("migrate")
    assert first.code == second.code == 0
    assert "applied 0001_ledger\n" in first.printed
    assert second.printed == "the ledger is up to date (0 applied)\n"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM operation").fetchone() == (0,)


def test_migrate_without_a_ledger_says_what_to_write(paybus: Paybus) -> None:
    """A missing setting ends with code 2 and one sentence."""
    ended = paybus("migrate")
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_DATABASE_URL is missing: write ")
    assert len(ended.complained.splitlines()) == 1


def test_a_ledger_that_does_not_answer_is_told_without_its_password(
    paybus: Paybus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, no trace of the program, no secret."""
    monkeypatch.setenv("PAYBUS_DATABASE_URL", "postgresql://paybus:correct-horse@127.0.0.1:1/paybus")
    ended = paybus("migrate")
    assert ended.code == 2
    assert ended.complained.startswith("PAYBUS_DATABASE_URL: ")
    assert len(ended.complained.splitlines()) == 1
    assert "correct-horse" not in ended.complained


def test_schemas_are_written_and_then_agree(paybus: Paybus, tmp_path: Path) -> None:
    """What `write` leaves, `check` accepts; one changed byte, and it does not."""
    folder = tmp_path / "schemas"
    assert paybus("schemas", "write", str(folder)).code == 0
    assert paybus("schemas", "check", str(folder)).code == 0
    document = folder / "asyncapi.json"
    document.write_text(document.read_text() + " ")
    ended = paybus("schemas", "check", str(folder))
    assert ended.code == 1
    assert ended.printed == "asyncapi.json is not what the models say; write the schemas again\n"


def test_schemas_that_cannot_be_written_are_told(paybus: Paybus, tmp_path: Path) -> None:
    """A file where the folder should be: a sentence and code 2."""
    taken = tmp_path / "taken"
    taken.write_text("")
    ended = paybus("schemas", "write", str(taken))
    assert ended.code == 2
    assert ended.complained == f"{taken}: schemas cannot be written there (Not a directory)\n"


def test_merchants_are_shown_without_their_keys(paybus: Paybus, tmp_path: Path) -> None:
    """A person sees whom we act for and where, and no secret."""
    (tmp_path / "0010000001.toml").write_text(MERCHANT)
    ended = paybus("merchants", "check", str(tmp_path))
    assert ended.code == 0
    assert "0010000001" in ended.printed
    assert "https://gateway.example/" in ended.printed
    assert "MADE-UP-KEY" not in ended.printed


def test_every_problem_of_merchant_files_is_told(paybus: Paybus, tmp_path: Path) -> None:
    """All at once, one line each, with code 1 and no value."""
    (tmp_path / "0010000001.toml").write_text(MERCHANT.replace("base_url", "base"))
    (tmp_path / "0010000002.toml").write_text('key = "short"')
    ended = paybus("merchants", "check", str(tmp_path))
    assert ended.code == 1
    assert len(ended.printed.splitlines()) == 6
    assert "short" not in ended.printed


def test_a_command_that_is_none_ends_with_code_2(paybus: Paybus) -> None:
    """Wrong use is told by the command line itself."""
    ended = paybus("prove-it")
    assert ended.code == 2
    assert "prove-it" in ended.complained
