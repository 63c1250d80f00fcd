"""The protocol's test vectors: one test a vector and rule, and a counted line for each section.

`pytest tests/vectors --vectors FILE` runs another file of the same format. A test asks for the
vectors of a section by an argument named after it: `<section>_vector`.
"""

from collections import defaultdict
from contextlib import suppress
import json
from pathlib import Path
from typing import Any

import pytest

DEFAULT = Path(__file__).with_name("vectors.json")
_SUFFIX = "_vector"
_loaded: dict[Path, dict[str, Any]] = {}
_outcomes: dict[str, dict[str, bool]] = defaultdict(dict)


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


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give the whole vector file."""
    return load(request.config)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what became of each vector: it passes if every test of it does."""
    _, bracket, parameters = report.nodeid.partition("[")
    section, colon, one = parameters.rstrip("]").partition(":")
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
