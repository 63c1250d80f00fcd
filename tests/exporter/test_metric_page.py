"""docs/metrics.md tells of every metric, and of no other."""

from tests.exporter.metric_page import PAGE, explained, metrics, with_list

PAGE_TEXT = PAGE.read_text()


def test_the_list_is_as_the_metrics_are() -> None:
    """Names, types, units, labels and words are those of the code; if not, the command in it mends them."""
    assert with_list(PAGE_TEXT) == PAGE_TEXT


def test_every_metric_has_an_explanation() -> None:
    """Who serves it, what it is made of and what to look at: none is missing, none is empty."""
    cells = explained(PAGE_TEXT)
    assert set(cells) == set(metrics())
    assert all(len(row) == 3 and all(row) for row in cells.values())


def test_the_list_follows_the_metrics() -> None:
    """A page without a list gets one, and what stands around it stays."""
    begin, end = "<!-- made by python -m tests.exporter.metric_page -->\n", "<!-- end -->"
    made = with_list(f"before\n{begin}what was there\n{end}\nafter\n")
    assert made.startswith(f"before\n{begin}| Metric |")
    assert made.endswith(f"{end}\nafter\n")
    assert "| `paybus_commands_total` | counter | a number | `kind`: pay, refund, cancel;" in made
    assert "what was there" not in made
