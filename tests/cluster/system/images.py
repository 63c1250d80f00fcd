"""What a node runs: the project's image, built from its Dockerfile, and one that holds a pod's network.

There is no registry. The base is a Debian of our own making with the same Python as the one that the
Dockerfile names, so the sizes of the two differ.
"""

from dataclasses import asdict, dataclass
import json
from pathlib import Path
import subprocess
import time
from typing import Self

from tests.cache import cached
from tests.cluster.binaries import pause
from tests.cluster.program import need, run
from tests.cluster.system.store import Store, open_store

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PAYBUS = "localhost/paybus:test"
PAUSE = "localhost/pause:test"
BASE = "localhost/python:3.11"
_BOOTSTRAP = (
    "--variant=minbase",
    "--include=python3.11,python3.11-venv,ca-certificates",
    "--customize-hook=ln -s /usr/bin/python3.11 $1/usr/local/bin/python3",
)
_BOOTSTRAP_SECONDS = 1200.0  # one minute alone
_RECIPE = (
    "deploy/Dockerfile",
    "deploy/requirements-build.lock",
    "requirements.lock",
    "pyproject.toml",
    "README.md",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """The project's image as a file; `own_bytes` are those on top of its base."""

    file: Path
    user: str
    bytes: int
    own_bytes: int
    build_seconds: float

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote."""
        told = json.loads(folder.joinpath("image.json").read_text())
        return cls(**{**told, "file": Path(told["file"])})

    def write(self, folder: Path) -> None:
        """Write all this for another process, but for the image itself."""
        told = {**asdict(self), "file": str(self.file)}
        folder.joinpath("image.json").write_text(json.dumps(told))


def paybus_image() -> BuiltImage:
    """Build the image, unless what it is made of has not changed since it was built."""
    folder = cached("image", _sources(), _build)
    about = json.loads(folder.joinpath("about.json").read_text())
    return BuiltImage(file=folder / "image.tar", **about)


def pause_image() -> Path:
    """Give the image of the process that holds a pod's network."""
    return cached("pause-image", [pause().read_bytes()], _make_pause) / "image.tar"


def base_archive() -> Path:
    """Give the root of a small Debian with Python 3.11, made on first use."""
    return cached("base", [" ".join(_BOOTSTRAP).encode()], _bootstrap) / "root.tar"


def _sources() -> list[bytes]:
    listed = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *_RECIPE,
        "services",
    ]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = [ROOT / name for name in names if name and ROOT.joinpath(name).is_file()]
    return [part for file in files for part in (str(file.relative_to(ROOT)).encode(), file.read_bytes())]


def _bootstrap(folder: Path) -> None:
    need("mmdebstrap")
    run(["mmdebstrap", *_BOOTSTRAP, "bookworm", folder / "root.tar"], seconds=_BOOTSTRAP_SECONDS)


def _make_pause(folder: Path) -> None:
    with open_store() as store:
        store.from_files(PAUSE, [(pause(), "/pause")], entrypoint='["/pause"]')
        store.save(PAUSE, folder / "image.tar")


def _build(folder: Path) -> None:
    with open_store() as store:
        store.from_files(BASE, [(base_archive(), "/")])
        begun = time.monotonic()
        store.build(PAYBUS, DOCKERFILE, ROOT, BASE_IMAGE=BASE)
        folder.joinpath("about.json").write_text(json.dumps(_about(store, time.monotonic() - begun)))
        store.save(PAYBUS, folder / "image.tar")


def _about(store: Store, seconds: float) -> dict[str, object]:
    about, base = store.about(PAYBUS), store.about(BASE)
    size = sum(about.layers)
    return {
        "user": about.user,
        "bytes": size,
        "own_bytes": size - sum(base.layers),
        "build_seconds": round(seconds, 1),
    }
