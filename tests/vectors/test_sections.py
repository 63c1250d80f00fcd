"""No section of a vector file is passed over, and no vector of a section."""

from collections.abc import Mapping
from typing import Any

SECTIONS = {
    "requests",
    "signatures",
    "triple_des",
    "triple_des_decode",
    "amount_text",
    "validation",
    "responses",
    "callbacks",
}
HEAD = {"format", "description", "base_path", "keys", "merchant_id", "counts"}


def test_no_section_is_forgotten(vectors: dict[str, Any]) -> None:
    """Every section of the file has tests; a section may be missing, an unknown one is an error."""
    assert vectors.keys() <= SECTIONS | HEAD
    assert all(isinstance(vectors[name], list) for name in SECTIONS & vectors.keys())


def test_sections_are_as_long_as_the_file_says(vectors: dict[str, Any]) -> None:
    """A file that was cut off does not pass for a whole one."""
    counts = {name: len(vectors[name]) for name in SECTIONS & vectors.keys()}
    said = vectors.get("counts", counts)
    assert {name: count for name, count in counts.items() if count} == {
        name: count for name, count in said.items() if count
    }


def test_every_vector_ran(vectors: dict[str, Any], ran: Mapping[str, int]) -> None:
    """As many vectors ran as are in the file, section by section; this is always the last test."""
    assert {name: ran.get(name, 0) for name in SECTIONS & vectors.keys()} == {
        name: len(vectors[name]) for name in SECTIONS & vectors.keys()
    }
