"""Building images without a container engine of the machine: buildah, with a store that is thrown away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import tempfile

from tests.cluster.program import need, run

_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_BUILD_SECONDS = 1800.0  # a minute alone; wheels are fetched


@dataclass(frozen=True, slots=True)
class About:
    """An image's user, and the bytes of each of its layers, unpacked, from the base up."""

    user: str
    layers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Store:
    """Where images are while they are built; every method raises ClusterError."""

    folder: Path

    def buildah(self, *arguments: str | Path, seconds: float = 300.0) -> str:
        """Run buildah on this store and give what it printed."""
        places = ("--root", self.folder / "images", "--runroot", self.folder / "run")
        return run(["buildah", *places, "--storage-driver", "overlay", *arguments], seconds=seconds).strip()

    def from_files(self, tag: str, files: Sequence[tuple[Path, str]], **settings: str) -> None:
        """Make the image *tag* of files (archives are unpacked) and nothing else."""
        container = self.buildah("from", "scratch")
        for file, place in files:
            self.buildah("add", container, file, place)
        for name, value in settings.items():
            self.buildah("config", f"--{name}", value, container)
        self.buildah("commit", "--rm", container, tag)

    def build(self, tag: str, dockerfile: Path, folder: Path, **values: str) -> None:
        """Build *tag* as `docker build` would, from images that are here."""
        given = [part for name, value in values.items() for part in ("--build-arg", f"{name}={value}")]
        command = ("--pull-never", "--runtime", "runc", "--network", "host", "--format", "docker")
        trusted = ("-v", f"{_AUTHORITIES}:{_AUTHORITIES}:ro")  # of this machine, to fetch wheels with
        self.buildah(
            "bud", *command, *trusted, *given, "-t", tag, "-f", dockerfile, folder, seconds=_BUILD_SECONDS
        )

    def about(self, tag: str) -> About:
        """Give what an image says of itself."""
        said = json.loads(self.buildah("inspect", "--type", "image", tag))
        layers = json.loads(said["Manifest"])["layers"]
        return About(
            user=said["OCIv1"]["config"].get("User", ""), layers=[int(one["size"]) for one in layers]
        )

    def save(self, tag: str, file: Path) -> None:
        """Write an image to a file that containerd can read."""
        self.buildah("push", "--disable-compression", tag, f"docker-archive:{file}:{tag}")


@contextmanager
def open_store() -> Iterator[Store]:
    """Give an empty store, and leave nothing of it."""
    need("buildah", "runc")
    folder = Path(tempfile.mkdtemp(prefix="paybus-images-", dir="/var/tmp"))
    store = Store(folder)
    try:
        yield store
    finally:
        store.buildah("rm", "--all")
        store.buildah("rmi", "--all", "--force")
        shutil.rmtree(folder, ignore_errors=True)
