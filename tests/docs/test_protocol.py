"""docs/protocol.md holds what the code cites, and the signs in its examples are right."""

import hashlib
import json
from pathlib import Path
import re
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
QUIRKS = re.findall(r"^\| (\d+) \|", PAGE.partition("\n## 8 ")[2].partition("\n## 9 ")[0], re.MULTILINE)
VECTORS = json.loads((ROOT / "tests" / "vectors" / "vectors.json").read_text(encoding="utf-8"))
KEY = "TESTKEY0123456789ABCDEFGHIJKLMNO"
CITATION = re.compile(r"docs/protocol\.md((?:,? (?:§[\d.]*\d|#\d+))*)")
EXAMPLES = re.findall(r"^(?:GET|POST) (/open\S+sign=\S+)\n(?:Content-Type: \S+\n\n(.*))?", PAGE, re.MULTILINE)


def test_every_cited_section_exists() -> None:
    """Each section and quirk the code refers to is on the page, under that number."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))
    places = " ".join(found for text in texts for found in CITATION.findall(text))
    cited = set(re.findall(r"§[\d.]*\d|#\d+", places))
    sections = {f"§{number}" for number in re.findall(r"^#{2,3} ([\d.]+) ", PAGE, re.MULTILINE)}
    assert "§7.5" in cited
    assert cited <= sections | {f"#{number}" for number in QUIRKS}


def test_quirks_are_numbered_without_gaps() -> None:
    """The quirks keep their numbers, 1 to 38, since code refers to them by number."""
    assert [str(number) for number in range(1, 39)] == QUIRKS


def test_there_are_signed_examples() -> None:
    """The page shows signed requests with and without a body, so the next test has something to hold."""
    assert len(EXAMPLES) >= 8
    assert {bool(body) for _, body in EXAMPLES} == {True, False}


@pytest.mark.parametrize(("target", "body"), EXAMPLES, ids=[target.split("?")[0] for target, _ in EXAMPLES])
def test_the_sign_of_every_example_is_right(target: str, body: str) -> None:
    """Whoever follows the rules of the page (§2) gets the signs of its examples."""
    parts = urlsplit(target)
    digest, timestamp = parse_qs(parts.query)["sign"][0].split(":")
    text = re.sub("[ \t\n\x0b\x0c\r]", "", body or _signed_text(parts.path))
    assert digest == hashlib.md5(f"{timestamp}{KEY}{text}".encode(), usedforsecurity=False).hexdigest()


def _signed_text(path: str) -> str:
    operation, *names = path.removeprefix("/openGateway/openService/").split("/")
    match operation:
        case "query":
            return names[0]
        case "cancelTrade":
            return f"chargeCode={names[0]}&busiCode={names[1]}"
        case "payChannel":
            return f"busiCode={names[0]}"
        case _:
            return ""


def test_every_vector_on_the_page_exists() -> None:
    """Each vector the page names is in the file."""
    known = {one["id"] for section in ("requests", "callbacks") for one in VECTORS[section]}
    named = set(re.findall(r"`((?:pay|precreate|callback)\.[\w./]*\w)`", PAGE))
    assert len(named) >= 5
    assert named <= known
