"""The `paybus` command on topics and a ledger of the test's own."""

from itertools import count
from pathlib import Path

import pytest
from tests.cli.conftest import Paybus
from tests.cli.dead_letter.post_office import PostOffice
from tests.intake.records import MERCHANT

_numbers = count(1)


@pytest.fixture
def office(
    paybus: Paybus, bootstrap: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PostOffice:
    """Give topics on the session's broker; the command finds them, and one merchant."""
    made = PostOffice(bootstrap, f"dlq{next(_numbers)}")
    merchants = tmp_path / "merchants"
    merchants.mkdir()
    (merchants / f"{MERCHANT}.toml").write_text(
        'key = "MADE-UP-KEY-OF-A-TEST"\nbase_url = "https://gateway.example/"\noper_id = "o"\ndev_id = "d"\n'
    )
    monkeypatch.setenv("PAYBUS_KAFKA_BOOTSTRAP", bootstrap)
    monkeypatch.setenv("PAYBUS_DATABASE_URL", database_url)
    monkeypatch.setenv("PAYBUS_TOPIC_PREFIX", made.topics.prefix)
    monkeypatch.setenv("PAYBUS_MERCHANTS_DIRECTORY", str(merchants))
    return made
