"""Which version a tree may be published as."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.publish.errors import PublishError
from deploy.publish.program import ask
import yaml

CHART = Path("deploy", "helm", "paybus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What git and the chart say about a tree."""

    commit: str
    committed_seconds: int
    """Unix time of the commit."""
    tags: Collection[str]
    """Those that point to the commit."""
    dirty: bool
    chart_version: str
    app_version: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it from the root of the repository."""
        chart = yaml.safe_load(folder.joinpath(CHART, "Chart.yaml").read_text())
        return cls(
            commit=ask(["git", "rev-parse", "HEAD"], folder),
            committed_seconds=int(ask(["git", "log", "-1", "--format=%ct"], folder)),
            tags=ask(["git", "tag", "--points-at", "HEAD"], folder).split(),
            dirty=bool(ask(["git", "status", "--porcelain"], folder)),
            chart_version=str(chart["version"]),
            app_version=str(chart["appVersion"]),
        )


def release(tree: Tree) -> str:
    """Give the version that the commit's tag names; raises PublishError if it does not name this tree."""
    if tree.app_version != tree.chart_version:
        raise PublishError(f"the chart is {tree.chart_version} and its appVersion {tree.app_version}")
    if tree.dirty:
        raise PublishError("the tree differs from its commit; commit, or publish a --snapshot")
    if (tag := f"v{tree.chart_version}") not in tree.tags:
        raise PublishError(f"the commit has no tag {tag}; tag it, or publish a --snapshot")
    return tree.chart_version


def snapshot(tree: Tree) -> str:
    """Give a version that sorts before the release, names the commit, and is never taken for a release."""
    dirty = ".dirty" if tree.dirty else ""
    return f"{tree.chart_version}-snapshot.g{tree.commit[:12]}{dirty}"
