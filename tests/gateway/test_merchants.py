"""Merchants follow their files: within a second, never to something that cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
import os
from pathlib import Path

import pytest

from paybus.gateway.errors import MerchantFileError
from paybus.gateway.merchant import Merchant
from paybus.gateway.merchants import CHECK_SECONDS, Merchants

TEXT = 'key = "KEY-{key}-OF-A-TEST"\nbase_url = "http://g/"\noper_id = "o"\ndev_id = "d"\n'


@dataclass
class Heard:
    """Keeps what a listener is told."""

    told: list[object] = field(default_factory=list)

    def loaded(self, merchant: Merchant) -> None:
        """Hear of a new or changed merchant."""
        self.told.append(("loaded", merchant.merchant_id, merchant.key))

    def removed(self, merchant_id: str) -> None:
        """Hear of a removed merchant."""
        self.told.append(("removed", merchant_id))

    def refused(self, problems: Sequence[str]) -> None:
        """Hear of problems."""
        self.told.append(("refused", *(problem.rpartition("/")[2] for problem in problems)))

    def take(self) -> list[object]:
        """Give what was told since the last time."""
        told, self.told = self.told, []
        return told


@dataclass
class Files:
    """A directory of merchant files, a clock in the test's hands, and the merchants made of both."""

    directory: Path
    heard: Heard = field(default_factory=Heard)
    seconds: float = 0.0

    def write(self, merchant_id: str, key: str = "A", *, age_seconds: int = 60) -> None:
        """Write a file that is as old as it is said to be; whatever is younger than 2 s is read again."""
        self.put(merchant_id, TEXT.format(key=key), age_seconds=age_seconds)

    def put(self, merchant_id: str, text: str, *, age_seconds: int = 60) -> None:
        """Write any text."""
        path = self.directory / f"{merchant_id}.toml"
        path.write_text(text)
        then = path.stat().st_mtime_ns - age_seconds * 10**9
        os.utime(path, ns=(then, then))

    def open(self) -> Merchants:
        """Read the files for the first time."""
        return Merchants(self.directory, self.heard, now=lambda: self.seconds)

    def pass_a_second(self) -> None:
        """Let the next look-up look at the files."""
        self.seconds += CHECK_SECONDS


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a directory with two merchants."""
    files = Files(tmp_path)
    files.write("1")
    files.write("2")
    return files


def test_a_changed_file_counts_after_a_second(files: Files) -> None:
    """Not before: between two checks no file is looked at. Who did not change is the same object."""
    merchants = files.open()
    second = merchants["2"]
    files.write("1", "B", age_seconds=30)
    assert merchants["1"].key == "KEY-A-OF-A-TEST"
    files.pass_a_second()
    assert merchants["1"].key == "KEY-B-OF-A-TEST"
    assert merchants["2"] is second
    assert files.heard.take() == [("loaded", "1", "KEY-B-OF-A-TEST")]


def test_a_file_touched_without_a_change_is_no_news(files: Files) -> None:
    """The same content makes the same merchant, also the same object."""
    merchants = files.open()
    before = merchants["1"]
    files.write("1", age_seconds=30)
    files.pass_a_second()
    assert merchants["1"] is before
    assert files.heard.take() == []


def test_merchants_come_and_go(files: Files) -> None:
    """A new file is a new merchant, a removed one none any more."""
    merchants = files.open()
    files.write("3")
    (files.directory / "2.toml").unlink()
    (files.directory / ".4.toml").write_text("half-written")
    files.pass_a_second()
    assert list(merchants) == ["1", "3"]
    assert len(merchants) == 2
    assert "2" not in merchants
    assert merchants.get("2") is None
    assert files.heard.take() == [("removed", "2"), ("loaded", "3", "KEY-A-OF-A-TEST")]


def test_a_broken_file_keeps_the_merchant_and_is_told_once(files: Files) -> None:
    """Until it can be used again; a new merchant whose file is broken is not there."""
    merchants = files.open()
    files.put("1", 'key = "SECRET')
    files.put("3", TEXT.format(key="C").replace("http://g/", "nowhere"))
    for _ in range(3):
        files.pass_a_second()
        assert merchants["1"].key == "KEY-A-OF-A-TEST"
        assert "3" not in merchants
    problems = ("1.toml: is not a TOML file in UTF-8", "3.toml: base_url must be an http URL")
    assert files.heard.take() == [("refused", *problems)]
    files.write("1", "B")
    files.write("3", "C")
    files.pass_a_second()
    assert (merchants["1"].key, merchants["3"].key) == ("KEY-B-OF-A-TEST", "KEY-C-OF-A-TEST")
    assert [event[0] for event in files.heard.take()] == ["loaded", "loaded"]
    files.put("1", "broken again")
    files.pass_a_second()
    assert merchants["1"].key == "KEY-B-OF-A-TEST"
    assert [event[0] for event in files.heard.take()] == ["refused"]


def test_a_young_file_is_read_until_it_cannot_change_unseen(files: Files) -> None:
    """Written twice within the clock of the file system, with the same size: the second key counts."""
    merchants = files.open()
    path = files.directory / "1.toml"
    files.write("1", "B", age_seconds=0)
    written = path.stat()
    files.pass_a_second()
    assert merchants["1"].key == "KEY-B-OF-A-TEST"
    path.write_text(TEXT.format(key="C"))
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    files.pass_a_second()
    assert merchants["1"].key == "KEY-C-OF-A-TEST"


def test_a_replaced_file_is_seen(files: Files) -> None:
    """As editors and mounted secrets replace it: another file under the same name, time and size."""
    merchants = files.open()
    path, other = files.directory / "1.toml", files.directory / ".1.toml.new"
    written = path.stat()
    other.write_text(TEXT.format(key="B"))
    os.utime(other, ns=(written.st_atime_ns, written.st_mtime_ns))
    other.replace(path)
    files.pass_a_second()
    assert merchants["1"].key == "KEY-B-OF-A-TEST"


def test_a_directory_that_vanishes_removes_nobody(files: Files) -> None:
    """An empty or missing directory is a volume that is not there, and told as such."""
    merchants = files.open()
    for name in ("1", "2"):
        (files.directory / f"{name}.toml").rename(files.directory / f".{name}.toml")
    files.pass_a_second()
    assert list(merchants) == ["1", "2"]
    assert [event[0] for event in files.heard.take()] == ["refused"]
    files.directory.rename(files.directory.with_name("elsewhere"))
    files.pass_a_second()
    assert list(merchants) == ["1", "2"]
    assert files.heard.take() == []  # the same problem, already told


def test_a_file_that_cannot_be_looked_at_keeps_the_merchant(files: Files) -> None:
    """A link into nothing, say, while a volume is being replaced."""
    merchants = files.open()
    (files.directory / "1.toml").unlink()
    (files.directory / "1.toml").symlink_to(files.directory / "nowhere")
    files.pass_a_second()
    assert merchants["1"].key == "KEY-A-OF-A-TEST"
    assert [event[0] for event in files.heard.take()] == ["refused"]


def test_the_start_is_strict(files: Files) -> None:
    """What cannot be used from the beginning is an error with every problem."""
    files.put("1", "broken")
    files.put("2", "broken")
    with pytest.raises(MerchantFileError) as caught:
        files.open()
    assert len(caught.value.problems) == 2


def test_no_text_shows_a_key(files: Files) -> None:
    """Neither of the mapping nor of its parts."""
    merchants = files.open()
    assert "KEY-A" not in f"{merchants!r} {merchants} {dict(merchants)!r}"
