"""The tree keeps its own rules: where things are, what may be imported, what must never be written."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
import tomllib

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "services" / "paybus"
TOP_LEVEL = {
    ".ci",
    ".dockerignore",
    ".gitignore",
    "CHANGELOG.md",
    "Makefile",
    "README.md",
    "deploy",
    "docs",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "schemas",
    "services",
    "tests",
}
VAGUE = {"utils", "util", "common", "helpers", "helper", "base", "manager", "managers", "misc", "core"}


def tracked() -> list[Path]:
    """List the files that git knows."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines()]


def sources() -> list[Path]:
    """List the package's modules."""
    return sorted(PACKAGE.rglob("*.py"))


def catch_alls(tree: ast.AST) -> Iterator[int]:
    """Give the lines where every exception is caught and not raised again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            wide = node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"}
            if wide and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
                yield node.lineno


def rooms() -> set[str]:
    """Name every folder of the package."""
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def layers() -> list[str]:
    """Name every folder on the list of rooms, from the top down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [name.strip() for layer in contract["layers"] for name in layer.split("|")]


def test_every_folder_is_on_the_list_of_rooms() -> None:
    """A new folder must be given its place among the others, or the order of imports means nothing."""
    assert rooms() == set(layers())


def test_what_runs_stands_at_the_top() -> None:
    """A folder with `__main__.py` is a deployable, and deployables are those of the first layer alone."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    first = settings["tool"]["importlinter"]["contracts"][0]["layers"][0]
    deployables = {path.parent.name for path in PACKAGE.glob("*/__main__.py")}
    assert deployables == {name.strip() for name in first.split("|")}


def test_the_domain_needs_only_the_standard_library() -> None:
    """trades/ has no I/O, no async, no clock and no library: it can be reasoned about on paper."""
    allowed = {"collections", "dataclasses", "decimal", "enum", "re", "types", "typing", "paybus", "datetime"}
    for path in (PACKAGE / "trades").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), path.name


def test_the_top_level_is_the_agreed_one() -> None:
    """Whoever opens the tree finds the folders that were agreed on, and no others."""
    assert {path.parts[0] for path in tracked()} <= TOP_LEVEL


def test_names_say_something() -> None:
    """No module is called after what everything could be."""
    assert not [path for path in sources() if path.stem in VAGUE]


CATCH_ALLS = {
    "execution/worker.py": "an operation is given up and given back",
    "ledger/batch.py": "kept, and raised to the one whose decision failed",
    "ledger/group_commit.py": "handed to each task that waits for the batch",
}


def test_nothing_is_swallowed() -> None:
    """Everything is caught where a reason is on the list, once a place; only the first gives anything up."""
    found = [
        str(path.relative_to(PACKAGE)) for path in sources() for _ in catch_alls(ast.parse(path.read_text()))
    ]
    assert sorted(found) == sorted(CATCH_ALLS)


@pytest.mark.parametrize(
    ("forbidden", "reason"),
    [
        (
            r"ACK_FIRST|AckPolicy\.(ACK|REJECT_ON_ERROR|NACK_ON_ERROR)\b",
            "commits what was not accepted, or spins",
        ),
        (r"max_workers\s*=", "FastStream's workers acknowledge before they are done, in no order"),
        (r"\.commit\(\)", "commits the position, which may be further on than what was accepted"),
        (r"verify\s*=\s*False|danger_accept_invalid", "the gateway is authenticated by TLS alone"),
        (r"sssyin\.cn", "the public gateway is never called by default"),
    ],
)
def test_what_loses_money_is_not_written(forbidden: str, reason: str) -> None:
    """Settings and calls that lose or double money are not in the package."""
    found = [path for path in sources() if re.search(forbidden, path.read_text())]
    assert not found, reason


def test_locks_name_no_registry() -> None:
    """The locks work with whatever index a machine has."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://|--(extra-)?index-url", (ROOT / name).read_text()), name


def test_ci_runs_the_readmes_commands() -> None:
    """What the README promises is what CI runs."""
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    for command in ("make test", "make check"):
        assert command in readme
        assert command in ci
    assert "make run" in readme


def test_every_make_target_says_what_it_does() -> None:
    """`make help` can print each target."""
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    told = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(phony.split()) <= told
