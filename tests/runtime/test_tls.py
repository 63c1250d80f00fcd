"""A TLS context trusts whom its files name, and follows them while the process runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import shutil
import ssl

import pytest
from structlog.testing import capture_logs
from tests.kafka.certificates import Authority

from paybus.runtime.tls import FollowingContext, TlsFiles


@asynccontextmanager
async def server(authority: Authority, trusted: Path) -> AsyncIterator[int]:
    """Run a server of *authority* that wants a certificate by *trusted* and tells whose it got."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        [[(_, name)]] = writer.get_extra_info("peercert")["subject"]
        writer.write(name.encode())
        writer.close()

    serving = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    async with serving:
        yield serving.sockets[0].getsockname()[1]


async def greeted(context: ssl.SSLContext, port: int) -> str:
    """Connect, and give the name under which the server knows us."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


def files_of(folder: Path, authority: Authority, name: str) -> TlsFiles:
    """Lay *name*'s certificate into the files that a context follows."""
    certificate, key = authority.issue(name)
    shutil.copy(certificate, folder / "own.crt")
    shutil.copy(key, folder / "own.key")
    return TlsFiles(authority=authority.file, certificate=folder / "own.crt", key=folder / "own.key")


async def test_a_renewed_certificate_is_shown_on_the_next_connection(tmp_path: Path) -> None:
    """Nobody restarts a service because its certificate ran out."""
    authority = Authority(tmp_path)
    context = FollowingContext(files_of(tmp_path, authority, "old"))
    async with server(authority, authority.file) as port:
        assert await greeted(context, port) == "old"
        files_of(tmp_path, authority, "new")
        with capture_logs() as logs:
            assert await greeted(context, port) == "new"
    assert [line["event"] for line in logs] == ["tls.files_reloaded"]


async def test_files_that_cannot_be_used_change_nothing(tmp_path: Path) -> None:
    """A certificate without its key is told once, and the old pair goes on working."""
    authority = Authority(tmp_path)
    context = FollowingContext(files_of(tmp_path, authority, "old"))
    certificate, _ = authority.issue("other")
    shutil.copy(certificate, tmp_path / "own.crt")
    async with server(authority, authority.file) as port:
        with capture_logs() as logs:
            assert [await greeted(context, port) for _ in range(2)] == ["old", "old"]
    assert [line["event"] for line in logs] == ["tls.files_refused"]


async def test_a_stranger_is_not_trusted(tmp_path: Path) -> None:
    """A server whose certificate is by somebody else gets nothing from us."""
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    authority = Authority(tmp_path)
    context = FollowingContext(files_of(tmp_path, authority, "old"))
    async with server(Authority(stranger), authority.file) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await greeted(context, port)


def test_files_are_read_when_a_service_starts(tmp_path: Path) -> None:
    """What is missing or no certificate is an error now, not at the first connection."""
    with pytest.raises(OSError, match="No such file"):
        FollowingContext(TlsFiles(authority=tmp_path / "none.crt"))
    (tmp_path / "bad.crt").write_text("x")
    with pytest.raises(ssl.SSLError):
        FollowingContext(TlsFiles(authority=tmp_path / "bad.crt"))


def test_a_password_of_a_key_is_in_no_repr(tmp_path: Path) -> None:
    """A traceback or a log line may show the files, and nothing else."""
    assert "sesame" not in repr(TlsFiles(key_password="sesame"))
