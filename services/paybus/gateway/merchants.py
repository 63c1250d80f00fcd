"""The merchants of a directory, as its files are now: a changed key counts without a restart.

Looking a merchant up costs a look at the clock. Once a second at most, a look-up also looks at the files:
their times and sizes, and the content of those that differ. What cannot be used changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final, Protocol

from paybus.gateway.errors import MerchantFileError
from paybus.gateway.merchant import Merchant, load_merchant, load_merchants, merchant_files

CHECK_SECONDS: Final = 1.0
"""Within which a change is noticed: an operator waits so long, and no file system minds."""

_YOUNG_NS: Final = 2_000_000_000
"""The coarsest clock of a file system: a file so young may change again and look the same."""


class Listener(Protocol):
    """Is told what happened to the files after they were first read."""

    def loaded(self, merchant: Merchant) -> None:
        """Hear of a merchant who is new or has changed."""

    def removed(self, merchant_id: str) -> None:
        """Hear of a merchant whose file is gone."""

    def refused(self, problems: Sequence[str]) -> None:
        """Hear, once, what is wrong with files; their merchants stay as they were."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """How a file looks from outside; `young` is one that has to be read again."""

    mtime_ns: int
    size: int
    inode: int
    young: bool


class Merchants(Mapping[str, Merchant]):
    """Merchants by id. A merchant who did not change stays the same object.

    Raises MerchantFileError, with every problem, for files that cannot be used from the start.
    """

    def __init__(
        self, directory: Path, listener: Listener, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._listener = listener
        self._now = now
        self._stamps = {path.stem: _stamp(path) for path in merchant_files(directory)}
        self._merchants = load_merchants(directory)
        self._refused: tuple[str, ...] = ()
        self._check_at = now() + CHECK_SECONDS

    def __getitem__(self, merchant_id: str) -> Merchant:
        return self._current()[merchant_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> dict[str, Merchant]:
        if self._now() >= self._check_at:
            self._check()
            self._check_at = self._now() + CHECK_SECONDS
        return self._merchants

    def _check(self) -> None:
        """Adopt what changed, and tell what cannot be used."""
        try:
            files = {path.stem: path for path in merchant_files(self._directory)}
        except OSError:
            files = {}
        if not files:  # a volume that is just not there rather than the end of every merchant
            self._refuse([f"{self._directory}: there is no merchant file (*.toml)"])
            return
        self._drop(self._stamps.keys() - files.keys())
        self._refuse([problem for path in files.values() for problem in self._adopt(path)])

    def _adopt(self, path: Path) -> Sequence[str]:
        """Read a file if it looks different; give what is wrong with it."""
        before, stamp = self._stamps.get(path.stem), _stamp(path)
        if stamp is not None and stamp == before and not stamp.young:
            return ()
        try:
            merchant = load_merchant(path)
        except MerchantFileError as error:
            self._stamps[path.stem] = None  # to be read again until it can be used
            return error.problems
        self._stamps[path.stem] = stamp
        if merchant != self._merchants.get(path.stem):
            self._merchants = {**self._merchants, path.stem: merchant}
            self._listener.loaded(merchant)
        return ()

    def _drop(self, gone: set[str]) -> None:
        for merchant_id in sorted(gone):
            del self._stamps[merchant_id]
            if merchant_id in self._merchants:
                self._merchants = {one: kept for one, kept in self._merchants.items() if one != merchant_id}
                self._listener.removed(merchant_id)

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems and tuple(problems) != self._refused:
            self._listener.refused(problems)
        self._refused = tuple(problems)


def _stamp(path: Path) -> _Stamp | None:
    """Look at a file from outside; None for one that cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    young = time.time_ns() - status.st_mtime_ns < _YOUNG_NS
    return _Stamp(status.st_mtime_ns, status.st_size, status.st_ino, young)
