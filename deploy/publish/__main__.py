"""`python -m deploy.publish`: push the image, then the signed chart that names it (docs/deployment.md)."""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from deploy.publish import chart, image
from deploy.publish.errors import PublishError
from deploy.publish.registry import Registry
from deploy.publish.version import Tree, release, snapshot

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Publish, and say what; gives 1 with the reason when it does not."""
    try:
        told = _publish(_parser().parse_args(arguments))
    except PublishError as error:
        sys.stderr.write(f"not published: {error}\n")
        return 1
    sys.stdout.write("".join(f"{name:<13} {value}\n" for name, value in told.items()))
    return 0


def _publish(options: argparse.Namespace) -> dict[str, str]:
    registry = Registry.parse(options.registry, plain_http=options.plain_http)
    signer = chart.Signer(options.key, options.keyring.resolve(), _place(options.passphrase_file))
    folder: Path = options.tree.resolve()
    tree = Tree.read(folder)
    version = snapshot(tree) if options.snapshot else release(tree)
    if not options.snapshot and chart.is_there(folder, version, registry):
        raise PublishError(f"{registry.chart} {version} is there, and a release is never replaced")
    name = options.image or image.build(folder, tree, version, options.build_option)
    digest = image.push(folder, name, version, registry)
    parts = image.attach_parts(folder, digest, registry)
    archive = chart.package(folder, version, {"registry": registry.place, "digest": digest}, signer)
    chart.push(folder, archive, version, registry, signer.keyring)
    return {
        "chart": f"{registry.chart} --version {version}",
        "image": f"{registry.image}@{digest}",
        "image.digest": digest,
        "sbom": parts,
    }


def _place(file: str | None) -> str | None:
    """Give a file's place from wherever helm runs; `-` is standard input."""
    return file if file in {None, "-"} else str(Path(str(file)).resolve())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.publish", description=__doc__)
    add = parser.add_argument
    add("--registry", required=True, help="oci://host/path")
    add("--key", required=True, help="name of the key that signs the chart")
    add(
        "--keyring",
        required=True,
        type=Path,
        help="file of secret keys, as `gpg --export-secret-keys` writes",
    )
    add("--passphrase-file", help="file with the key's passphrase, or - for standard input")
    add("--snapshot", action="store_true", help="publish any tree, under a version that names its commit")
    add("--image", help="an image in buildah's store, instead of building one")
    add(
        "--build-option", action="append", default=[], help="for `buildah build`, as --build-arg=BASE_IMAGE=…"
    )
    add("--plain-http", action="store_true", help="for a registry without TLS")
    add("--tree", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
