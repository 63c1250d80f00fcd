"""The account that runs the embedded PostgreSQL, which refuses to run as root."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import pwd
import stat

import structlog

UNPRIVILEGED = ("postgres", "nobody")  # the first that exists; both are there without any set-up

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """User and group ids for `subprocess`; None means: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """Supplementary groups: none of root's go along."""
        return None if self.uid is None else []


def server_account(data: Path) -> ServerAccount:
    """Choose ourselves or, for root, the owner of *data* if it exists, else an account without rights.

    Raises LookupError when we are root and there is no such account.
    """
    if os.geteuid() != 0:
        return ServerAccount()
    if data.exists():
        return ServerAccount(data.stat().st_uid, data.stat().st_gid)
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return ServerAccount(entry.pw_uid, entry.pw_gid)
    raise LookupError(f"running as root, and there is no account {' or '.join(UNPRIVILEGED)}")


def let_enter(account: ServerAccount, places: Iterable[Path]) -> None:
    """Make the folders on the way to *places* searchable (not readable) for *account*, when we are root."""
    if account.uid is None:
        return
    for folder in {above for place in places for above in (place, *place.parents)}:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            _log.warning("embedded_postgres.folder_made_searchable", folder=str(folder))


def give_folder(folder: Path, account: ServerAccount) -> None:
    """Make *folder*, in a place where everybody may write, the account's alone.

    Raises PermissionError when somebody else put something there before us.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise PermissionError(f"{folder} belongs to somebody else")
    if account.uid is not None:
        os.chown(folder, account.uid, -1)
