"""Alerts on their way: a real Prometheus with our rules, a real Alertmanager with our routes, a webhook."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from tests.monitoring.alertmanager import Alertmanager, Sink, alertmanager
from tests.monitoring.figures import Comparison
from tests.monitoring.hurry import alerting_prometheus, await_seconds
from tests.monitoring.pages import Pages
from tests.plugins.monitors import Monitors

UNKNOWN, PAID, OLD_SECONDS, MONEY_FEN = 30, 20, 4000, 2_500_000


@dataclass
class Delivery:
    """What Prometheus showed of the outage, and who was told."""

    figures: Comparison
    manager: Alertmanager
    sink: Sink


@pytest.fixture(scope="module")
def delivery(monitors: Monitors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """Show a gateway that goes away, on pages that Prometheus reads every second."""
    folder = tmp_path_factory.mktemp("delivery")
    pages, sink = Pages(), Sink()
    with ExitStack() as stack:
        sink.start()
        stack.callback(sink.stop)
        stack.enter_context(pages.served())
        manager = stack.enter_context(alertmanager(monitors.alertmanager, folder, sink))
        prometheus = alerting_prometheus(monitors.prometheus, folder, pages.addresses, manager.target)
        figures = Comparison(stack.enter_context(prometheus))
        figures.expect("before", "sum(up)", len(pages.addresses))
        pages.breakers = 1
        pages.attempt("SUCCESS", "executed", times=PAID)
        pages.attempt(None, "unknown", times=UNKNOWN)
        pages.ledger.unknown_oldest_seconds.of("other").set(OLD_SECONDS)
        pages.ledger.unknown_amount_fen.of("other").set(MONEY_FEN)
        _compare(figures)
        await_seconds(lambda: "suppressed" in manager.state("PaybusDoubtFastBurn"))
        await_seconds(lambda: sink.alerts("pager", "PaybusBreakerOpen"))
        await_seconds(lambda: sink.alerts("tickets", "PaybusUnknownTooOld"))
        await_seconds(lambda: sink.alerts("pager", "PaybusUnknownAmountLarge"))
        yield Delivery(figures, manager, sink)


def _compare(figures: Comparison) -> None:
    codes = "sum by (return_code) (paybus_gateway_return_codes_total)"
    figures.expect("outage", codes, {"SUCCESS": PAID, "none": UNKNOWN})
    share = "round(namespace_operation:paybus_attempts_in_doubt:ratio_rate5m, 0.001)"
    figures.expect("outage", share, {"shop pay": UNKNOWN / (UNKNOWN + PAID)})
    figures.expect("outage", "max by (kind, traffic) (paybus_breakers_open)", {"pay charges": 1})
    figures.expect("outage", "max(paybus_unknown_amount_fen)", MONEY_FEN)


def test_figures_are_what_the_pages_show(delivery: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    """What the services' own metrics count is what Prometheus answers, and what the rules record of it."""
    with capsys.disabled():
        delivery.figures.show()
    assert [one for one in delivery.figures.figures if one.seen != one.expected] == []


def test_a_page_reaches_the_pager_with_its_words(delivery: Delivery) -> None:
    """The pager is told which worker's which traffic is held back, and where the runbook is."""
    (alert, *_) = delivery.sink.alerts("pager", "PaybusBreakerOpen")
    labels, words = alert["labels"], alert["annotations"]
    assert (labels["severity"], labels["kind"], labels["traffic"]) == ("page", "pay", "charges")
    assert words["summary"] == "a gateway does not answer pay: charges are held back"
    assert words["description"].startswith("Nothing but probes is sent to 1 gateway(s) for pay (charges)")
    assert words["runbook_url"] == "docs/operations.md#paybusbreakeropen"


def test_an_amount_is_told_to_the_fen(delivery: Delivery) -> None:
    """Money is written out, not rounded to millions."""
    (alert, *_) = delivery.sink.alerts("pager", "PaybusUnknownAmountLarge")
    assert alert["annotations"]["description"].startswith(f"Of {MONEY_FEN} fen")


def test_a_ticket_wakes_nobody(delivery: Delivery) -> None:
    """The old unknown becomes a ticket that says how old, and the pager hears nothing of it."""
    (ticket, *_) = delivery.sink.alerts("tickets", "PaybusUnknownTooOld")
    assert ticket["annotations"]["description"].endswith("was accepted 1h 6m 40s ago.")
    assert not delivery.sink.alerts("pager", "PaybusUnknownTooOld")


def test_what_the_breaker_explains_is_held_back(delivery: Delivery) -> None:
    """The objective burns in the same outage; Alertmanager knows it and keeps it to itself."""
    assert delivery.manager.state("PaybusDoubtFastBurn") == {"suppressed"}
    assert delivery.manager.state("PaybusBreakerOpen") == {"active"}
