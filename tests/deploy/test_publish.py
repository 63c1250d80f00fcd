"""Which trees may be published, under which version, and where."""

from dataclasses import replace

from deploy.publish.chart import filled
from deploy.publish.errors import PublishError
from deploy.publish.registry import Registry
from deploy.publish.version import Tree, release, snapshot
import pytest
from tests.deploy.places import CHART

TAGGED = Tree(
    commit="0123456789abcdef0123456789abcdef01234567", committed_seconds=0, tags=["latest", "v1.2.3"],
    dirty=False, chart_version="1.2.3", app_version="1.2.3",
)  # fmt: skip


def test_a_tagged_commit_is_a_release() -> None:
    """The version is the tag's, whatever other tags there are."""
    assert release(TAGGED) == "1.2.3"


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (replace(TAGGED, dirty=True), "differs from its commit"),
        (replace(TAGGED, tags=["v1.2.4", "1.2.3"]), "no tag v1.2.3"),
        (replace(TAGGED, app_version="1.2.2"), "appVersion 1.2.2"),
    ],
)
def test_everything_else_is_refused(tree: Tree, reason: str) -> None:
    """One tag names the commit, the chart and the image."""
    with pytest.raises(PublishError, match=reason):
        release(tree)


def test_a_snapshot_names_its_commit() -> None:
    """It is a version of its own, also where the commit is tagged, and says whether it is the commit's."""
    assert snapshot(TAGGED) == "1.2.3-snapshot.g0123456789ab"
    assert snapshot(replace(TAGGED, dirty=True)) == "1.2.3-snapshot.g0123456789ab.dirty"


def test_a_chart_and_its_image_are_apart() -> None:
    """Both are called paybus, and one tag cannot be both."""
    registry = Registry.parse("oci://registry.example.com/team/", plain_http=False)
    assert registry.image == "registry.example.com/team/paybus"
    assert registry.chart == "oci://registry.example.com/team/charts/paybus"


@pytest.mark.parametrize(
    "address", ["", "oci://", "https://host/path", "host/path", "oci://me:secret@host/path"]
)
def test_other_addresses_are_refused(address: str) -> None:
    """The reason does not repeat the address, which may hold a password."""
    with pytest.raises(PublishError, match=r"not of the form oci://host/path$"):
        Registry.parse(address, plain_http=False)


def test_the_image_is_filled_into_the_values_alone() -> None:
    """Two lines of values.yaml are others, and no comment is lost."""
    before = CHART.joinpath("values.yaml").read_text()
    after = filled(before, {"registry": "host/team", "digest": "sha256:1"})
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    assert changed == [
        ('  registry: ""', '  registry: "host/team"'),
        ('  digest: ""', '  digest: "sha256:1"'),
    ]


def test_values_that_name_an_image_are_not_overwritten() -> None:
    """A chart whose values hold a digest already is refused."""
    with pytest.raises(PublishError, match=r"no empty image\.digest"):
        filled('image:\n  digest: "sha256:0"\nother:\n  digest: ""\n', {"digest": "sha256:1"})
