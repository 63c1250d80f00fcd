"""The chart in the registry: it names its image by digest, so that its signature is the image's as well."""

from dataclasses import dataclass
from pathlib import Path
import re
import shutil
import tempfile

from deploy.publish.errors import PublishError
from deploy.publish.program import complaint, run
from deploy.publish.registry import NAME, Registry
from deploy.publish.version import CHART


@dataclass(frozen=True, slots=True)
class Signer:
    """A key in a keyring of the old format, and the file with its passphrase (`-`: standard input)."""

    key: str
    keyring: Path
    passphrase_file: str | None

    def options(self) -> list[str | Path]:
        """Give what helm has to be told; without a file it asks the terminal."""
        told = ["--passphrase-file", self.passphrase_file] if self.passphrase_file else []
        return ["--sign", "--key", self.key, "--keyring", self.keyring, *told]


def is_there(folder: Path, version: str, registry: Registry) -> bool:
    """Say whether the registry has this version of the chart; raises PublishError where it does not tell."""
    shown = ["helm", "show", "chart", registry.chart, "--version", version, *registry.plainly]
    said = complaint(shown, folder)
    if said is not None and "not found" not in said.lower():
        raise PublishError(f"the registry does not tell whether it has {version}: {said}")
    return said is None


def package(folder: Path, version: str, values: dict[str, str], signer: Signer) -> Path:
    """Write the signed chart to dist/, with its image's *values* filled in, and give the archive."""
    target = folder / "dist"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="paybus-publish-") as place:
        copy = Path(shutil.copytree(folder / CHART, Path(place, NAME)))
        file = copy / "values.yaml"
        file.write_text(filled(file.read_text(), values))
        named = ("--version", version, "--app-version", version)
        run(["helm", "package", copy, *named, "--destination", target, *signer.options()], folder)
    return target / f"{NAME}-{version}.tgz"


def push(folder: Path, archive: Path, version: str, registry: Registry, keyring: Path) -> None:
    """Push chart and signature, and hold what the registry then gives against the signature."""
    run(["helm", "push", archive, registry.charts, *registry.plainly], folder)
    with tempfile.TemporaryDirectory(prefix="paybus-publish-") as place:
        pull = ["helm", "pull", registry.chart, "--version", version, *registry.plainly]
        run([*pull, "--verify", "--keyring", keyring, "--destination", place], folder)


def filled(text: str, values: dict[str, str]) -> str:
    """Give the text of values.yaml with empty fields of `image` filled in; its comments stay."""
    for name, value in values.items():
        field = re.compile(rf'^(image:\n(?:  .*\n)*?  {name}: )""$', re.MULTILINE)
        text, count = field.subn(rf'\g<1>"{value}"', text)
        if count != 1:
            raise PublishError(f"values.yaml has no empty image.{name}")
    return text
