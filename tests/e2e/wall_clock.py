"""A wall clock that a test moves under processes that run; their monotonic clocks go on as they do."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
from unittest.mock import patch

import pytest

ABSENT = "no libfaketime on this machine: `make clock` as root installs it"


class WallClock:
    """The time of day of whatever is started while it is `inherited`."""

    def __init__(self, file: Path) -> None:
        """Keep how far it is off in *file*; skips the test where there is no libfaketime."""
        self._library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
        if self._library is None:
            pytest.skip(ABSENT)
        self._file = file
        self.move(0)

    def move(self, seconds: int) -> None:
        """Let it be so many seconds before the true time, or behind it if there are less than none."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.chmod(0o644)  # PostgreSQL runs as another account
        new.replace(self._file)

    @contextmanager
    def inherited(self) -> Iterator[None]:
        """Let processes that are started in the block live by this clock."""
        environment = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",  # a move is seen at once
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",  # each process reads the file by itself
        }
        with patch.dict(os.environ, environment):
            yield
