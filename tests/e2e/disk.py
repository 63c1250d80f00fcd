"""A small disk of a test's own that can be filled: a file system in memory, which only root may mount."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
import subprocess

import pytest

SIZE = "256m"  # a fresh PostgreSQL takes 60 MB, a fresh Kafka less


class Disk:
    """A file system under *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave not one page free."""
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(4096))

    def free(self) -> None:
        """Give the space back."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small disk at *folder* while the block runs; skips the test where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=30)
