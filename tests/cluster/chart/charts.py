"""Which charts are tried: that of the tree, with every file of example values, and the one before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import shutil
import subprocess
import tarfile

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy" / "helm" / "paybus"


@dataclass(frozen=True, slots=True)
class Charts:
    """This chart, the one before it, and the values with which both are installed."""

    this: Path
    previous: Path
    values: Sequence[str | Path]


def this_chart(folder: Path) -> Path:
    """Copy the tree's chart, so that it stays the same while it is tried."""
    return Path(shutil.copytree(CHART, folder / "this" / CHART.name))


def life_values(chart: Path) -> list[str | Path]:
    """Give helm's arguments for a release whose life is tried: an ordinary one, with nothing optional."""
    return ["-f", chart / "ci" / "minimal-values.yaml"]


def values_files(chart: Path) -> list[Path]:
    """Give every file of example values."""
    return sorted(chart.glob("ci/*.yaml"))


def previous_chart(folder: Path) -> Path | None:
    """Unpack the chart of the oldest commit that has one; None where history does not go back so far."""
    path = str(CHART.relative_to(ROOT))
    commits = _git("log", "--format=%H", "--diff-filter=A", "--", f"{path}/Chart.yaml").decode().split()
    if not commits or not _git("rev-list", f"{commits[-1]}..HEAD", "--", path):
        return None
    packed = folder / "previous.tar"
    packed.write_bytes(_git("archive", commits[-1], path))
    with tarfile.open(packed) as archive:
        archive.extractall(folder / "previous", filter="data")
    return folder / "previous" / path


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False).stdout
