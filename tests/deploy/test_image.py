"""The image: what is in it, and what must not be."""

import re

import pytest
from tests.deploy.places import DEPLOY, ROOT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
BUILD, FINAL = DOCKERFILE.split("\nFROM ")[1:]
IGNORED = (ROOT / ".dockerignore").read_text()


def pins(name: str) -> dict[str, str]:
    """Give name and version of each package of a lock file."""
    return dict(
        re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    )


def test_everything_is_installed_by_hash() -> None:
    """No step takes a package that no lock names."""
    installs = [
        line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if "install" in line and "RUN" in line
    ]
    assert len(installs) == 3
    for line in installs:
        assert "--require-hashes" in line or "--no-index" in line
    assert "--no-build-isolation" in BUILD


def test_what_it_is_built_with_is_what_the_project_is_developed_with() -> None:
    """The build's lock agrees with the developers', and holds hashes and no registry's address."""
    text = (DEPLOY / "requirements-build.lock").read_text()
    build, development = pins("deploy/requirements-build.lock"), pins("requirements-dev.lock")
    assert "hatchling" in build
    assert {name: development[name] for name in build if name in development} == {
        name: version for name, version in build.items() if name in development
    }
    assert text.count("--hash=sha256:") >= len(build)
    assert not re.search(r"https?://|index-url", text)


def test_the_last_stage_has_no_tools() -> None:
    """It copies the environment, runs nothing, and installs nothing."""
    assert "RUN" not in FINAL
    assert re.findall(r"^COPY .*$", FINAL, re.MULTILINE) == ["COPY --from=build /opt/paybus /opt/paybus"]
    assert '"--without-pip", "/opt/paybus"' in BUILD


def test_it_runs_as_nobody_in_particular_and_hears_signals() -> None:
    """A number, so that Kubernetes can see it is not root; no shell between it and SIGTERM."""
    assert "USER 10001:10001\n" in FINAL
    assert 'ENTRYPOINT ["/opt/paybus/bin/python", "-m"]\n' in FINAL
    assert 'CMD ["paybus.cli"]\n' in FINAL
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL
    assert "PAYBUS_HTTP_HOST=0.0.0.0" in FINAL


@pytest.mark.parametrize("name", ["title", "description", "version", "revision", "source", "documentation"])
def test_it_says_what_it_is(name: str) -> None:
    """By the labels that registries and scanners read."""
    assert re.search(rf"org\.opencontainers\.image\.{name}=\S", FINAL)


def test_only_what_is_needed_reaches_the_build() -> None:
    """Everything is left out first; what comes back is what the Dockerfile copies."""
    lines = [line for line in IGNORED.splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    back = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", BUILD, re.MULTILINE)
        for word in line.split()
    }
    assert back == copied
