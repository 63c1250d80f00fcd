"""A registry of one test's own on loopback, a throw-away key, and a tree whose commit may be tagged."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile

from tests.cluster.binaries import clients, registry
from tests.cluster.errors import MissingError
from tests.cluster.program import Command, Daemon, need, run
from tests.cluster.waiting import wait_for

ROOT = Path(__file__).parents[2]
KEY = "Paybus Test <test@example.com>"
PASSPHRASE = "not the passphrase of anything"
IMAGE = "localhost/tiny:test"
_START_SECONDS = 60.0
_RUN_SECONDS = 240.0
_LISTENS = re.compile(r"serving on port (\d+)")
_PUBLISHED = ("deploy/helm/paybus", ".gitignore")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Runs `python -m deploy.publish` on a tree, as `make publish` does."""

    folder: Path
    registry: str
    """As `localhost:port/team`."""

    @property
    def tree(self) -> Path:
        """The root of a repository with the chart in it."""
        return self.folder / "tree"

    @property
    def keyring(self) -> Path:
        """The public keys, with which charts are verified."""
        return self.folder / "public.gpg"

    def publish(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Publish the tree with a tiny image, and give what was said."""
        signed = ("--key", KEY, "--keyring", self.folder / "secret.gpg", "--passphrase-file", "-")
        command: Command = [
            sys.executable, "-m", "deploy.publish", "--registry", f"oci://{self.registry}", "--plain-http",
            "--tree", self.tree, "--image", IMAGE, *signed, *options,
        ]  # fmt: skip
        return subprocess.run(
            [str(part) for part in command], cwd=ROOT, env={**os.environ, **self.environment}, check=False,
            input=PASSPHRASE, capture_output=True, text=True, timeout=_RUN_SECONDS,
        )  # fmt: skip

    def run(self, *command: str | Path, folder: Path | None = None) -> str:
        """Run a tool of the publisher's; raises ClusterError."""
        return run(command, environment=self.environment, folder=folder or self.folder)

    def pull(self, version: str, folder: str) -> Path:
        """Pull a chart and its signature, verified, and give the archive."""
        place = self.folder / folder
        place.mkdir(exist_ok=True)
        chart = ("helm", "pull", f"oci://{self.registry}/charts/paybus", "--version", version, "--plain-http")
        self.run(*chart, "--verify", "--keyring", self.keyring, "--destination", place)
        return place / f"paybus-{version}.tgz"

    @property
    def environment(self) -> Mapping[str, str]:
        """Tools on the path, and nothing of this user's own."""
        return {
            "PATH": os.pathsep.join((str(clients()), str(registry()), os.environ["PATH"])),
            "HOME": str(self.folder), "GNUPGHOME": str(self.folder / "gpg"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
        }  # fmt: skip


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Give one with everything it needs, and leave nothing of it; raises MissingError."""
    if os.geteuid() != 0:
        raise MissingError("buildah's store is made as root")
    need("go", "gpg", "gpgconf", "git", "buildah", "setpriv")
    with tempfile.TemporaryDirectory(
        prefix="paybus-pub-", dir="/var/tmp"
    ) as name:  # sockets' names are short
        folder = Path(name)
        with Daemon("registry", [registry() / "registry", "-port", "0"], folder / "log") as daemon:
            found = wait_for(
                "the registry", lambda: _LISTENS.search(daemon.log), seconds=_START_SECONDS, need=[daemon]
            )
            made = Publisher(folder, f"localhost:{found[1]}/team")
            try:
                _make(made)
                yield made
            finally:
                run(["gpgconf", "--kill", "all"], environment=made.environment)


def _make(made: Publisher) -> None:
    _make_key(made)
    _make_image(made)
    _make_tree(made)


def _make_key(made: Publisher) -> None:
    (made.folder / "gpg").mkdir(mode=0o700)
    gpg = ("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", PASSPHRASE)
    made.run(*gpg, "--quick-gen-key", KEY, "ed25519", "sign", "1d")
    made.run(*gpg, "--output", made.folder / "secret.gpg", "--export-secret-keys", KEY)
    made.run(*gpg, "--output", made.keyring, "--export", KEY)


def _make_image(made: Publisher) -> None:
    place = made.folder / "images"
    made.folder.joinpath("storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{place}"\nrunroot = "{place}-run"\n'
    )
    made.folder.joinpath("file").write_text("tiny")
    container = made.run("buildah", "from", "scratch").strip()
    made.run("buildah", "add", "-q", container, made.folder / "file", "/file")
    made.run("buildah", "commit", "-q", "--rm", container, IMAGE)


def _make_tree(made: Publisher) -> None:
    """Copy what is published, and commit it; `sbom` writes the list of parts to dist/."""
    for part in _PUBLISHED:
        source, target = ROOT / part, made.tree / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    parts = made.tree / "dist" / "paybus.cdx.json"
    parts.parent.mkdir()
    parts.write_text('{"bomFormat": "CycloneDX"}')
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        git(made, *command)


def git(made: Publisher, *arguments: str) -> str:
    """Run git in the tree, as somebody who signs nothing."""
    who: Sequence[str] = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    return made.run("git", *who, *arguments, folder=made.tree).strip()


@contextmanager
def another_commit(made: Publisher) -> Iterator[str]:
    """Let the tree be at a commit without a tag until the block ends, and give its name."""
    git(made, "commit", "-q", "--allow-empty", "-m", "More")
    try:
        yield git(made, "rev-parse", "HEAD")
    finally:
        git(made, "reset", "-q", "--hard", "HEAD~")
