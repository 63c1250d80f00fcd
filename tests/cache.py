"""Where what takes minutes to make is kept: outside the tree, under the hash of what it is made from."""

from collections.abc import Callable, Iterable
import fcntl
import hashlib
import os
from pathlib import Path
import tempfile

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paybus-tests"


def cached(name: str, made_from: Iterable[bytes], fill: Callable[[Path], None]) -> Path:
    """Give the folder *name*-HASH, filled on first use; it never holds a part of what *fill* makes."""
    digest = hashlib.sha256(b"\0".join(made_from)).hexdigest()[:12]
    folder = FOLDER / f"{name}-{digest}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FOLDER.joinpath(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be making the same
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=FOLDER) as part:
                half = Path(part, "made")
                half.mkdir()
                fill(half)
                half.rename(folder)
    return folder
