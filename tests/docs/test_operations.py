"""What docs/operations.md tells people to type or to look at exists, and works on today's ledger."""

from pathlib import Path
import re
import shlex
from typing import Any

import psycopg
import pytest
from tests.monitoring.expressions import known_labels
import typer

from paybus.cli.__main__ import app
from paybus.reconciler.settings import ReconcilerSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
QUERIES = re.findall(r"SELECT [^`]+?;", PAGE)
COMMANDS = sorted({" ".join(one.split()) for one in re.findall(r"`(paybus [^`]+)`", PAGE)})


def test_something_is_told() -> None:
    """The page has queries and commands at all."""
    assert len(QUERIES) >= 4
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_runs_on_the_ledger(database_url: str, query: str) -> None:
    """Who copies a query in an incident gets rows and no error."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute(query.encode()).fetchall() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_with_its_options(command: str) -> None:
    """Who copies a command in an incident is not told that there is no such thing."""
    found: Any = typer.main.get_command(app)
    words = shlex.split(command)[1:]
    while hasattr(found, "commands"):
        found = found.commands[words.pop(0)]
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


def test_settings_have_these_names() -> None:
    """A variable that the page names is one that a service reads."""
    named = set(re.findall(r"`PAYBUS_([A-Z_]+)`", PAGE))
    assert named
    assert named <= {name.upper() for name in ReconcilerSettings.model_fields}


def test_series_have_these_names() -> None:
    """A series that the page names is exposed, or recorded by a rule."""
    text = re.sub(r"runbook_url|deploy/\S+", "", PAGE)
    named = set(re.findall(r"namespace_\w+:\w+:\w+|(?<![:\w])paybus_\w+", text))
    families = {name.removesuffix("_bucket") for name in known_labels()}
    assert named
    assert named <= families | known_labels().keys()


def test_links_lead_somewhere() -> None:
    """A link inside the page meets a heading, one to another page a file."""
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        assert (ROOT / "docs" / file).exists()
        assert file or anchor in headings, target
