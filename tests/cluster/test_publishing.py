"""What `make publish` leaves in a real registry, signed by a real key; what was touched, helm refuses."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import tarfile
from urllib.request import Request, urlopen

import pytest
from tests.cluster.errors import ClusterError, MissingError
from tests.cluster.publishing import KEY, PASSPHRASE, Publisher, another_commit, git, publisher
import yaml

CHART = Path("deploy", "helm", "paybus")
VALUES = CHART / "ci" / "production-values.yaml"
_DIGEST = re.compile(r"^image\.digest\s+(sha256:[0-9a-f]{64})$", re.MULTILINE)
_MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def made() -> Iterator[Publisher]:
    """Give a publisher, or skip with what is missing here."""
    try:
        with publisher() as publishing:
            yield publishing
    except MissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def digest(made: Publisher) -> str:
    """Publish version 0.1.0 once, and give the digest that it printed."""
    git(made, "tag", "v0.1.0")
    done = made.publish()
    assert done.returncode == 0, done.stderr
    found = _DIGEST.search(done.stdout)
    assert found is not None
    assert PASSPHRASE not in done.stdout + done.stderr
    return found[1]


def test_a_commit_without_its_tag_is_refused(made: Publisher, digest: str) -> None:
    """A release is what a tag names, and nothing else."""
    with another_commit(made):
        done = made.publish()
    assert (done.returncode, done.stdout) == (1, "")
    assert "the commit has no tag v0.1.0" in done.stderr


def test_the_registry_gives_the_image_by_the_printed_digest(made: Publisher, digest: str) -> None:
    """Under the chart's appVersion is the same image as under the digest."""
    assert _manifest(made, "paybus", "0.1.0") == _manifest(made, "paybus", digest)


def test_a_pulled_chart_is_verified(made: Publisher, digest: str) -> None:
    """The signature comes from the registry, and the key's owner is named."""
    archive = made.pull("0.1.0", "verified")
    assert KEY in made.run("helm", "verify", archive, "--keyring", made.keyring)


def test_a_chart_that_was_touched_is_refused(made: Publisher, digest: str) -> None:
    """An archive that names another image has the old signature beside it, and helm does not take it."""
    archive = made.pull("0.1.0", "touched")
    inside = made.folder / "inside"
    with tarfile.open(archive) as packed:
        packed.extractall(inside, filter="data")
    values = inside / "paybus" / "values.yaml"
    values.write_text(values.read_text().replace(digest, f"sha256:{'0' * 64}"))
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(inside / "paybus", "paybus")
    with pytest.raises(ClusterError, match="sha256 sum does not match"):
        made.run("helm", "verify", archive, "--keyring", made.keyring)


def test_a_chart_of_another_key_is_refused(made: Publisher, digest: str) -> None:
    """Only who holds the key can sign."""
    archive = made.pull("0.1.0", "other")
    gpg = ("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "")
    made.run(*gpg, "--quick-gen-key", "Somebody Else", "ed25519", "sign", "1d")
    made.run(*gpg, "--output", made.folder / "else.gpg", "--export", "Somebody Else")
    others = ("--keyring", made.folder / "else.gpg")
    with pytest.raises(ClusterError, match="unknown entity"):
        made.run("helm", "verify", archive, *others)
    published = (f"oci://{made.registry}/charts/paybus", "--version", "0.1.0", "--plain-http")
    with pytest.raises(ClusterError, match="unknown entity"):
        made.run("helm", "template", "shop", *published, "--verify", *others)


def test_the_published_chart_says_what_the_tree_says(made: Publisher, digest: str) -> None:
    """The same objects, and the image by its digest without any value."""
    values = yaml.safe_load(made.tree.joinpath(VALUES).read_text())
    del values["image"], values["global"]  # it takes its image from a mirror
    file = made.folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    template = ("helm", "template", "shop", "--values", file)
    image = ("--set", f"image.registry={made.registry}", "--set", f"image.digest={digest}")
    ours = made.run(*template, made.tree / CHART, *image)
    published = (f"oci://{made.registry}/charts/paybus", "--version", "0.1.0", "--plain-http")
    assert made.run(*template, *published, "--verify", "--keyring", made.keyring) == ours
    assert f"{made.registry}/paybus@{digest}" in ours


def test_the_list_of_parts_is_found_from_the_image(made: Publisher, digest: str) -> None:
    """Whoever has the digest finds the list in the registry, and it is the one of dist/."""
    place = f"{made.registry}/paybus@{digest}"
    told = made.run("oras", "discover", "--plain-http", "--format", "json", place)
    (referrer,) = json.loads(told)["referrers"]
    assert referrer["artifactType"] == "application/vnd.cyclonedx+json"
    target = made.folder / "parts"
    made.run("oras", "pull", "--plain-http", "--output", target, referrer["reference"])
    published = made.tree.joinpath("dist", "paybus.cdx.json").read_text()
    assert target.joinpath("paybus.cdx.json").read_text() == published


def test_a_release_is_never_replaced(made: Publisher, digest: str) -> None:
    """The second time nothing is pushed."""
    before = _manifest(made, "charts/paybus", "0.1.0")
    done = made.publish()
    assert done.returncode == 1
    assert "a release is never replaced" in done.stderr
    assert _manifest(made, "charts/paybus", "0.1.0") == before


def test_a_registry_that_does_not_tell_gets_nothing(made: Publisher, digest: str) -> None:
    """Who cannot be asked whether he has the release may have it: nothing is pushed."""
    done = made.publish("--registry", "oci://localhost:1/team")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the registry does not tell whether it has 0.1.0" in done.stderr


def test_a_tree_that_differs_is_published_as_a_snapshot_only(made: Publisher, digest: str) -> None:
    """Its version says so, and sorts before the release."""
    notes = made.tree / "notes.txt"
    notes.write_text("not committed")
    try:
        refused, done = made.publish(), made.publish("--snapshot")
    finally:
        notes.unlink()
    assert "the tree differs from its commit" in refused.stderr
    assert done.returncode == 0, done.stderr
    version = f"0.1.0-snapshot.g{git(made, 'rev-parse', 'HEAD')[:12]}.dirty"
    assert f"--version {version}\n" in done.stdout
    assert made.pull(version, "snapshot").exists()


def test_a_wrong_passphrase_publishes_no_chart(made: Publisher, digest: str) -> None:
    """Helm refuses, and the program says so with the code 1 and without the passphrase."""
    file = made.folder / "passphrase"
    file.write_text("a wrong one")
    with another_commit(made) as commit:
        done = made.publish("--snapshot", "--passphrase-file", str(file))
    assert done.returncode == 1
    assert "helm package ended with 1" in done.stderr
    assert "a wrong one" not in done.stdout + done.stderr
    with pytest.raises(ClusterError, match="not found"):
        made.pull(f"0.1.0-snapshot.g{commit[:12]}", "none")


def _manifest(made: Publisher, name: str, reference: str) -> bytes:
    """Give a manifest as the registry's own API does."""
    host, team = made.registry.split("/")
    request = Request(f"http://{host}/v2/{team}/{name}/manifests/{reference}", headers={"Accept": _MANIFESTS})
    with urlopen(request, timeout=30.0) as answer:
        return bytes(answer.read())
