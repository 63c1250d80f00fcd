"""What a scrape costs has a bound that docs/metrics.md states, however many merchants there are."""

import re

import pytest
from tests.exporter.metric_page import PAGE
from tests.exporter.scrape_cost import MERCHANTS, Cost, cost

ROW = re.compile(r"^\| (\d+) \| (\d[\d ]*) \| (\d+) KB \| \d+ ms \|$", re.MULTILINE)
TOLD = {
    int(groups): (int(series.replace(" ", "")), int(kilobytes))
    for groups, series, kilobytes in ROW.findall(PAGE.read_text())
}
OF_A_GROUP = 209


def measured(groups: int, capsys: pytest.CaptureFixture[str]) -> Cost:
    """Measure, and print what was seen."""
    seen = cost(groups)
    with capsys.disabled():
        print(
            f"\n{len(MERCHANTS)} merchants in {groups} groups: {seen.series} series,"
            f" {seen.openmetrics_bytes} bytes, {seen.openmetrics_ms:.1f} ms"
        )
    return seen


def test_the_page_tells_of_none_one_five_and_twenty_groups() -> None:
    """Whoever makes groups can read what each costs before."""
    assert list(TOLD) == [0, 1, 5, 20]


@pytest.mark.parametrize("groups", TOLD)
def test_a_scrape_costs_what_the_page_says(groups: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Fifty merchants who met every return code: so many series and bytes, about."""
    seen, (series, kilobytes) = measured(groups, capsys), TOLD[groups]
    assert seen.series == pytest.approx(series, rel=0.02)
    assert seen.openmetrics_bytes / 1000 == pytest.approx(kilobytes, rel=0.1)
    assert seen.text_bytes < seen.openmetrics_bytes


def test_each_group_costs_the_same() -> None:
    """Series grow with the number of groups, by what the page says, and with nothing else."""
    none = cost(0).series
    assert [cost(groups).series - none for groups in (1, 3)] == [OF_A_GROUP, 3 * OF_A_GROUP]
    assert f"A group costs {OF_A_GROUP} series" in PAGE.read_text()
