"""Seen for real: a Prometheus with our rules and an Alertmanager with our routes watch an incident."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
import tempfile
from typing import Any

import pytest
from tests.e2e.system import System
from tests.monitoring.alertmanager import Sink, alertmanager
from tests.monitoring.figures import Comparison
from tests.monitoring.hurry import alerting_prometheus, await_seconds
from tests.monitoring.incident import Incident
from tests.monitoring.truth import compare_end, compare_outage, play_quiet
from tests.plugins.monitors import Monitors

from paybus.ledger.migration import migrate
from paybus.runtime.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.e2e


@dataclass
class Watched:
    """What Prometheus showed, whom Alertmanager told what, and what it did not tell."""

    comparison: Comparison
    sink: Sink
    suppressed: set[str]


@pytest.fixture(scope="module")
def watched(monitors: Monitors, bootstrap: str, postgres_server: EmbeddedPostgres) -> Iterator[Watched]:
    """Play the incident once, and hold figures against what is known at each moment of it."""
    url = postgres_server.create_database("watched")
    migrate(url)
    with tempfile.TemporaryDirectory(prefix="paybus-watched-") as name, ExitStack() as stack:
        folder, sink = Path(name), Sink()
        sink.start()
        stack.callback(sink.stop)
        system = System(folder, bootstrap=bootstrap, prefix="watched", database_url=url)
        stack.callback(system.stop)
        incident = Incident(system)
        targets = incident.open()
        manager = stack.enter_context(alertmanager(monitors.alertmanager, folder, sink))
        prometheus = stack.enter_context(
            alerting_prometheus(monitors.prometheus, folder, targets, manager.target)
        )
        seen = Comparison(prometheus)
        play_quiet(incident, seen)
        incident.go_dark()
        await_seconds(lambda: "suppressed" in manager.state("PaybusDoubtFastBurn"))
        suppressed = manager.state("PaybusDoubtFastBurn")
        await_seconds(lambda: sink.alerts("pager", "PaybusBreakerOpen"))
        await_seconds(lambda: sink.alerts("tickets", "PaybusUnknownTooOld"))
        compare_outage(incident, seen)
        incident.recover()
        compare_end(incident, seen)
        yield Watched(seen, sink, suppressed)


def test_figures_are_what_the_books_say(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    """Each figure, in the outage and after it, is exactly what was sent or what the gateway's books hold."""
    with capsys.disabled():
        watched.comparison.show()
    figures = watched.comparison.figures
    assert len({figure.query for figure in figures}) >= 10
    assert [figure for figure in figures if figure.seen != figure.expected] == []


def test_an_alert_reaches_the_pager_with_its_words(watched: Watched) -> None:
    """The breaker's page comes to the pager, worded for the worker and the traffic that it is about."""
    (alert, *_) = watched.sink.alerts("pager", "PaybusBreakerOpen")
    assert alert["labels"]["severity"] == "page"
    assert {alert["labels"]["kind"], alert["labels"]["traffic"]} <= {"pay", "charges", "inquiries"}
    words = alert["annotations"]
    assert words["summary"].startswith("a gateway does not answer pay: ")
    assert words["description"].startswith("Nothing but probes is sent to 1 gateway(s) for pay (")
    assert words["runbook_url"] == "docs/operations.md#paybusbreakeropen"


def test_a_ticket_does_not_wake_anybody(watched: Watched) -> None:
    """The old unknown becomes a ticket with its age in it, and the pager hears nothing of it."""
    (ticket, *_) = watched.sink.alerts("tickets", "PaybusUnknownTooOld")
    description: Any = ticket["annotations"]["description"]
    assert description.startswith("The oldest operation of which the gateway does not tell")
    assert description.endswith("s ago.")
    assert not watched.sink.alerts("pager", "PaybusUnknownTooOld")


def test_what_the_breaker_explains_is_not_told(watched: Watched) -> None:
    """The burn of the objective fires in the same outage, and Alertmanager keeps it back."""
    assert watched.suppressed == {"suppressed"}
