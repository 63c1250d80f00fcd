"""The protocol's test vectors: one test a vector and rule, and a counted line for each section.

`pytest tests/vectors --vectors FILE` runs another file of the same format; a section may be missing from
it, and one that nobody tests is an error. A test asks for the vectors of a section by an argument named
after it: `<section>_vector`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
DEFAULT = FOLDER / "vectors.json"
LAST = "test_every_vector_ran"
_SUFFIX = "_vector"
_loaded: dict[Path, dict[str, Any]] = {}
_outcomes: dict[str, dict[str, bool]] = defaultdict(dict)
_deselected: list[pytest.Item] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --vectors; harmless if it is there already."""
    with suppress(ValueError):
        parser.addoption(
            "--vectors", type=Path, default=DEFAULT, metavar="FILE", help="the protocol vectors to run"
        )


def load(config: pytest.Config) -> dict[str, Any]:
    """Give the vector file that was asked for."""
    path = Path(config.getoption("--vectors", DEFAULT)).resolve()
    if path not in _loaded:
        _loaded[path] = json.loads(path.read_text(encoding="utf-8"))
    return _loaded[path]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each vector of the section that an argument names."""
    for name in metafunc.fixturenames:
        if name.endswith(_SUFFIX):
            section = name.removesuffix(_SUFFIX)
            vectors = load(metafunc.config).get(section, [])
            names = [str(vector.get("id", number)) for number, vector in enumerate(vectors)]
            metafunc.parametrize(name, vectors, ids=[f"{section}:{one}" for one in names])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the test that counts be the last one."""
    items.sort(key=lambda item: item.name == LAST)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note what is left out."""
    _deselected.extend(items)


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give the whole vector file."""
    return load(request.config)


@pytest.fixture
def ran(request: pytest.FixtureRequest) -> Mapping[str, int]:
    """Give how many vectors of each section ran and passed; skips when only a part was asked for."""
    collected = {item.path for item in request.session.items}
    if _deselected or not collected.issuperset(FOLDER.glob("test_*.py")):
        pytest.skip("only a part of the vectors was asked for")
    return {section: sum(outcomes.values()) for section, outcomes in _outcomes.items()}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what became of each vector: it passes if every test of it does."""
    _, bracket, parameters = report.nodeid.partition("[")
    section, colon, one = parameters.removesuffix("]").partition(":")
    if "tests/vectors/" in report.nodeid and bracket and colon:
        _outcomes[section][one] = _outcomes[section].get(one, True) and report.passed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print one line a section: how many of its vectors ran and passed."""
    if not _outcomes:
        return
    terminalreporter.section("protocol vectors")
    for section, vectors in load(config).items():
        if isinstance(vectors, list):
            outcomes = _outcomes[section].values()
            counted = f"{sum(outcomes):>4} passed, {len(outcomes):>4} run, {len(vectors):>4} in the file"
            terminalreporter.line(f"{section:<20} {counted}")
