"""What docs/guarantees.md says is proved, is proved by a test that exists."""

import ast
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[2]
CITED = re.findall(r"`([a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", (ROOT / "docs" / "guarantees.md").read_text())


def test_tests_are_cited() -> None:
    """The page names tests at all."""
    assert len(CITED) > 30


@pytest.mark.parametrize(("file", "name"), sorted(set(CITED)))
def test_a_cited_test_exists(file: str, name: str) -> None:
    """A guarantee never points at a test that was renamed or taken away."""
    tree = ast.parse((ROOT / "tests" / file).read_text())
    assert name in {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
