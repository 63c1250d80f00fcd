"""What docs/guarantees.md says of the proof is what the proof does."""

from collections import defaultdict
from pathlib import Path
import re

from paybus.cli.proof.round import rounds

PAGE = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text()
ROW = re.compile(r"^\| `(?P<seam>[a-z_]+)` \| [^|]+ \| (?P<victims>[a-z, ]+) \|$", re.MULTILINE)


def test_every_seam_is_on_the_page_with_its_victims() -> None:
    """The table has one row for each seam, in the order of the proof, and names who dies there."""
    tried: dict[str, set[str]] = defaultdict(set)
    for one in rounds():
        tried[one.title.split()[0]].update(one.victims)
    told = {row["seam"]: set(row["victims"].split(", ")) for row in ROW.finditer(PAGE)}
    assert told == tried
    assert list(told) == list(tried)
