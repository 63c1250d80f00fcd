"""A TLS context that follows its files: certificates are renewed while a service runs."""

from dataclasses import dataclass, field
from pathlib import Path
import ssl
from typing import Any, Self

import structlog

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files; without *authority* the system's are trusted, without *certificate* we show none."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str = field(default="", repr=False)

    def marks(self) -> tuple[tuple[int, int] | None, ...]:
        """Give what changes when a file does."""
        return tuple(_mark(file) for file in (self.authority, self.certificate, self.key))

    def load_into(self, context: ssl.SSLContext) -> None:
        """Add what the files hold; raises OSError, ssl.SSLError too: then *context* may have half of it."""
        if self.authority is not None:
            context.load_verify_locations(self.authority)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key, self.key_password)


class FollowingContext(ssl.SSLContext):
    """For clients; each new connection is made with what the files hold then.

    Files that cannot be used are told in the log once, and the old ones stay in use. Whom we trusted once
    is trusted until the process ends.
    """

    _files: TlsFiles
    _marks: tuple[tuple[int, int] | None, ...]

    def __new__(cls, files: TlsFiles) -> Self:
        """Read *files*; raises OSError."""
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context._files, context._marks = files, files.marks()
        if files.authority is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        files.load_into(context)
        return context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection, as event loops do."""
        marks = self._files.marks()
        if marks != self._marks:
            self._marks = marks
            self._reload()
        return super().wrap_bio(*args, **kwargs)

    def _reload(self) -> None:
        try:
            self._files.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # a certificate without its key
            self._files.load_into(self)
        except OSError as error:
            _log.warning("tls.files_refused", error=type(error).__name__)
        else:
            _log.info("tls.files_reloaded")


def _mark(file: Path | None) -> tuple[int, int] | None:
    try:
        found = None if file is None else file.stat()
    except FileNotFoundError:
        return None  # it is just being replaced
    return None if found is None else (found.st_mtime_ns, found.st_ino)
