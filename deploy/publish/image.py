"""The image in the registry, and the list of its parts beside it."""

from collections.abc import Sequence
from pathlib import Path
import shutil
import tempfile

from deploy.publish.program import run
from deploy.publish.registry import Registry
from deploy.publish.version import Tree

PARTS = Path("dist", "paybus.cdx.json")
_PARTS_TYPE = "application/vnd.cyclonedx+json"


def build(folder: Path, tree: Tree, version: str, more: Sequence[str]) -> str:
    """Build the image, with the commit's time in place of today's, and give its name in buildah's store."""
    name = f"localhost/paybus:{version}"
    values = (f"--build-arg=VERSION={version}", f"--build-arg=REVISION={tree.commit}")
    time = f"--timestamp={tree.committed_seconds}"
    run(["buildah", "build", time, *values, *more, "-t", name, "-f", "deploy/Dockerfile", "."], folder)
    return name


def push(folder: Path, name: str, version: str, registry: Registry) -> str:
    """Push an image of buildah's store under *version*, and give the digest that the registry knows it by."""
    with tempfile.TemporaryDirectory(prefix="paybus-publish-") as place:
        digest = Path(place, "digest")
        safely = f"--tls-verify={str(not registry.plain_http).lower()}"
        target = f"docker://{registry.image}:{version}"
        run(["buildah", "push", safely, "--digestfile", digest, name, target], folder)
        return digest.read_text().strip()


def attach_parts(folder: Path, digest: str, registry: Registry) -> str:
    """Attach the list of parts to the image where oras is at hand, and say where the list is."""
    file = folder / PARTS
    if not file.exists():
        return "none: `make sbom` writes it"
    if shutil.which("oras") is None:
        return f"{PARTS}, not in the registry: oras is not on the path"
    image = f"{registry.image}@{digest}"
    command = ["oras", "attach", *registry.plainly, "--artifact-type", _PARTS_TYPE, image]
    run([*command, f"{file.name}:{_PARTS_TYPE}"], file.parent)
    return f"attached to the image as {_PARTS_TYPE}"
