"""The vector tests hold for other files of the same format, and cannot be passed by leaving vectors out."""

from collections.abc import Callable
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import pytest
from tests.gateway.other_vectors import dump, vary

ROOT = Path(__file__).parents[2]
OURS = json.loads((ROOT / "tests" / "vectors" / "vectors.json").read_text(encoding="utf-8"))
HEAD = {name: value for name, value in OURS.items() if not isinstance(value, list) and name != "counts"}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Give a function that runs the vector tests over a file; gives the exit code and what was printed."""

    def run(vectors: dict[str, Any], *arguments: str, part: str = "") -> tuple[int, str]:
        file = tmp_path / "other.json"
        file.write_text(dump(vectors), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", f"tests/vectors/{part}", "--vectors", str(file), "-q"]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


def test_other_values_pass(run: Callable[..., tuple[int, str]]) -> None:
    """Other keys, merchants, codes and times, signed by other code, and every section counted."""
    varied = vary(OURS)
    assert not any(key in dump(varied) for key in HEAD["keys"].values())
    code, printed = run(varied)
    assert code == 0, printed
    for section, count in varied["counts"].items():
        assert f"{section:<20} {count:>4} passed, {count:>4} run, {count:>4} in the file" in printed


@pytest.mark.parametrize("sections", [list(OURS["counts"])[:4], list(OURS["counts"])[4:]])
def test_a_file_may_lack_sections(run: Callable[..., tuple[int, str]], sections: list[str]) -> None:
    """A part of the sections, without counts, is a file."""
    code, printed = run({**HEAD, **{section: OURS[section][:5] for section in sections}})
    assert code == 0, printed
    assert printed.count("   5 passed,    5 run,    5 in the file") == len(sections)


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"new_section": [{"id": "x"}]}, "test_no_section_is_forgotten"),
        ({"callbacks": OURS["callbacks"][:28]}, "test_sections_are_as_long_as_the_file_says"),
        ({"signatures": OURS["signatures"] + [{"id": "more"}]}, "test_sections_are_as_long_as_the_file_says"),
    ],
)
def test_what_is_not_run_is_told(
    run: Callable[..., tuple[int, str]], change: dict[str, Any], failing: str
) -> None:
    """A section without tests, and one that is shorter or longer than the file says, fail the run."""
    code, printed = run({**OURS, **change}, part="test_sections.py")
    assert code == 1
    assert f"FAILED tests/vectors/test_sections.py::{failing}" in printed


def test_vectors_that_did_not_run_are_missed(
    run: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A skipped vector is none that ran: the count of its section fails."""
    (tmp_path / "passing_over.py").write_text(
        "import pytest\n"
        "def pytest_runtest_setup(item):\n"
        "    if 'sign/05' in item.name:\n"
        "        pytest.skip('passed over')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, printed = run({**HEAD, "signatures": OURS["signatures"]}, "-p", "passing_over")
    assert code == 1
    assert "FAILED tests/vectors/test_sections.py::test_every_vector_ran" in printed


def test_a_part_is_not_held_to_the_whole(run: Callable[..., tuple[int, str]]) -> None:
    """Who asks for some tests gets those; counting is skipped and says so."""
    code, printed = run(OURS, "-k", "not test_callback")
    assert code == 0, printed
    assert "only a part of the vectors was asked for" in printed


def test_a_changed_expectation_fails(run: Callable[..., tuple[int, str]]) -> None:
    """A vector whose recorded value is another is not passed, in any section."""
    spoilt: dict[str, Any] = {
        "requests": OURS["requests"][1] | {"sign": "1"},
        "signatures": OURS["signatures"][1] | {"sign": "1"},
        "triple_des": OURS["triple_des"][1] | {"ciphertext_base64": "AAAA"},
        "triple_des_decode": OURS["triple_des_decode"][0] | {"plaintext": "other"},
        "amount_text": OURS["amount_text"][1] | {"sdk_text": "0.02"},
        "validation": OURS["validation"][0] | {"requests_sent": 1},
        "responses": OURS["responses"][0] | {"sdk_parsed": {"getAmt": "Double:1.0"}},
        "callbacks": OURS["callbacks"][0] | {"timestamp": "1"},
    }
    assert spoilt.keys() == OURS["counts"].keys()
    code, printed = run({**HEAD, **{section: [vector] for section, vector in spoilt.items()}})
    assert code == 1
    assert printed.count("   0 passed,    1 run,    1 in the file") == len(spoilt)
