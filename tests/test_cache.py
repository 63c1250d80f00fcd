"""What is kept in the cache is whole, and made once for each content that it is made from."""

from pathlib import Path

import pytest
from tests import cache
from tests.cache import cached


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the cache be the test's own."""
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "cache")
    return tmp_path / "cache"


def test_the_same_content_is_made_once() -> None:
    """A second call gives the folder that the first one filled."""
    made: list[Path] = []
    first = cached("thing", [b"a", b"b"], made.append)
    assert cached("thing", [b"a", b"b"], made.append) == first
    assert len(made) == 1


def test_another_content_is_another_folder() -> None:
    """Nothing stale is used, also where only the border between two parts has moved."""
    folders = {
        cached("thing", parts, lambda place: place.joinpath("file").touch())
        for parts in ([b"a", b"b"], [b"ab"], [b"a", b"c"])
    }
    assert len(folders) == 3


def test_what_fails_leaves_nothing(folder: Path) -> None:
    """A build that breaks off is tried again, and is never taken for a whole one."""

    def break_off(place: Path) -> None:
        place.joinpath("half").touch()
        raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        cached("thing", [b"a"], break_off)
    assert [file.suffix for file in folder.iterdir()] == [".lock"]
    assert cached("thing", [b"a"], lambda place: place.joinpath("whole").touch()).joinpath("whole").exists()
