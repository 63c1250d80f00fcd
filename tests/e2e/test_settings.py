"""A service that is set up wrongly says so, one sentence a setting, and ends with code 2."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

SERVICES = ("pay", "refund", "cancel")


def refused(service: str, **settings: str) -> list[str]:
    """Start *service* with nothing but *settings*; give what it says before it ends with code 2."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYBUS_")}
    given = {f"PAYBUS_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", f"paybus.{service}"],
        env=kept | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr.splitlines()


@pytest.mark.e2e
@pytest.mark.parametrize("service", SERVICES)
def test_what_is_missing_is_named(service: str) -> None:
    """Whoever starts it without settings learns of all that are needed at once."""
    sentences = refused(service)
    needed = ["PAYBUS_DATABASE_URL", "PAYBUS_KAFKA_BOOTSTRAP", "PAYBUS_MERCHANTS_DIRECTORY"]
    assert sorted(sentence.partition(" ")[0] for sentence in sentences) == needed
    assert all("is missing: write " in sentence and sentence.endswith(".") for sentence in sentences)


@pytest.mark.e2e
def test_what_is_wrong_is_named_without_its_value(tmp_path: Path) -> None:
    """A value that cannot be used is not repeated: it could be a password."""
    sentences = refused(
        "pay",
        database_url="mysql://user:sesame@host/paybus",
        kafka_bootstrap="kafka",
        merchants_directory=str(tmp_path),
        in_flight="many",
    )
    names = ["PAYBUS_DATABASE_URL", "PAYBUS_IN_FLIGHT", "PAYBUS_KAFKA_BOOTSTRAP"]
    assert sorted(sentence.partition(" ")[0] for sentence in sentences) == names
    assert all("cannot be used: write " in sentence for sentence in sentences)
    assert "sesame" not in "".join(sentences)


@pytest.mark.e2e
def test_a_merchant_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """No payment is made for some merchants while others are silently left out."""
    (tmp_path / "0010000001.toml").write_text("key = 5\n")
    sentences = refused(
        "pay",
        database_url="postgresql://paybus@127.0.0.1:1/paybus",
        kafka_bootstrap="127.0.0.1:1",
        merchants_directory=str(tmp_path),
    )
    assert sentences
    assert all(sentence.startswith("PAYBUS_MERCHANTS_DIRECTORY: ") for sentence in sentences)
