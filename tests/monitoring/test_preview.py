"""The preview fails at what it should fail at, and its packages come from whatever registry a machine has."""

from pathlib import Path
import re

import pytest
from tests.monitoring.preview import build
from tests.monitoring.preview.__main__ import between_ticks, faults
from tests.monitoring.scene import SILENT


def test_errors_and_panels_without_data_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel that shows an error is one, and one without series, unless it is known to have none."""
    monkeypatch.setitem(SILENT, ("paybus-queues", "Known"), "nothing of it happens in the scene")
    drawn = [
        {"title": "Lag", "series": 3, "error": None},
        {"title": "Held", "series": 0, "error": None},
        {"title": "Known", "series": 0, "error": None},
        {"title": "Outbox", "series": 0, "error": "parse error"},
    ]
    assert list(faults("paybus-queues", drawn)) == [
        "paybus-queues: Held: no data",
        "paybus-queues: Outbox: parse error",
    ]


@pytest.mark.parametrize(("at", "shown"), [(43.9, 35), (44.9, 35), (45.0, 45), (54.9, 45), (55.2, 55)])
def test_a_picture_ends_between_two_ticks(at: float, shown: int) -> None:
    """The last tick has room, and nothing is shown that has not been scraped."""
    assert between_ticks(at) == shown


def test_the_lock_names_no_registry() -> None:
    """Only what packages say of themselves is an address; none tells from where one is fetched."""
    lock = (Path(build.SOURCE) / "package-lock.json").read_text()
    assert not re.search(r'"resolved"|registry', lock)
    assert lock.count('"integrity"') > 300
