"""The comparison of a run: silent about a good one, and about every way of going wrong it speaks up."""

from dataclasses import replace

import msgspec
import pytest
from tests.cli.reconciliation.spoiling import BROKEN, never_send_to_the_ledger, promise_too_much
from tests.cli.reconciliation.world import M, good_world, without

from paybus.cli.reconciliation.finding import PROMISES, Invariant
from paybus.cli.reconciliation.report import Report, reconcile
from paybus.cli.reconciliation.rest import check_rest
from paybus.trades.operation import Kind


def violations(report: Report) -> dict[str, list[str]]:
    """Give the places and sentences of each broken invariant."""
    return {
        finding.invariant.value: [f"{one.where}: {one.sentence}" for one in finding.violations]
        for finding in report.findings
        if not finding.held
    }


def test_a_good_run_keeps_every_promise() -> None:
    """Refunds, cancels, declines, refusals, repeats, dead letters and an open unknown are all as promised."""
    report = reconcile(good_world().evidence())
    assert violations(report) == {}
    assert report.held


def test_the_figures_of_a_good_run() -> None:
    """They are counted from the evidence: repeats are no commands, and an event counts once."""
    figures = reconcile(good_world().evidence()).figures
    assert (figures.records, figures.commands, figures.repeats) == (15, 12, 1)
    assert figures.effects == {"charge": 4, "refund": 1, "revocation": 1}
    assert figures.events["command.rejected"] == 5
    assert figures.events["trade.paid"] == 3
    assert (figures.answered, figures.lost, figures.open) == (11, 0, {"unknown": 1})
    assert (figures.answered_again, figures.dead_letters, figures.double_effects) == (1, 2, 0)
    assert figures.callbacks == {"genuine": 1}


def test_a_report_judges_every_promise() -> None:
    """None is left out, and each says what it was judged by; what is left over, where faults have stopped."""
    evidence = good_world().evidence()
    findings = (*reconcile(evidence).findings, check_rest(evidence))
    assert {finding.invariant for finding in findings} == set(Invariant) == set(PROMISES)
    assert all(any(letter.isdigit() for letter in finding.compared) for finding in findings)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_reported(name: str) -> None:
    """A check that cannot fail is a defect: each is fed what it is there for, and names it."""
    spoil, invariant, sentence = BROKEN[name]
    world = good_world()
    spoil(world)
    report = reconcile(world.evidence())
    assert not report.held
    assert sentence in "\n".join(violations(report).get(invariant.value, [])), violations(report)


def test_lost_commands_are_counted() -> None:
    """A command without answer that the ledger does not show as open is lost."""
    world = good_world()
    never_send_to_the_ledger(world)
    assert reconcile(world.evidence()).figures.lost == 1


def test_a_payment_just_before_its_cancel_needs_no_event_of_its_own() -> None:
    """The customer paid, the cancel gave it all back, and the revocation was told: nothing is hidden."""
    world = good_world()
    without(world, f"{M}/B/2")
    for place, told in enumerate(world.told):
        if told.ce_id == f"{M}/B/3":
            content = msgspec.structs.replace(told.content, version=2, paid_fen=0)
            world.told[place] = replace(told, ce_id=f"{M}/B/2", content=content)
    world.operations[:] = [
        replace(row, answer_id=f"{M}/B/2") if row.kind is Kind.CANCEL and row.key == "B" else row
        for row in world.operations
    ]
    assert violations(reconcile(world.evidence())) == {}


def test_a_closed_trade_is_no_answer_to_the_cancel_it_refused() -> None:
    """The order closed by itself; a cancel that came later has one answer, its rejection."""
    world = good_world()
    world.told[:] = [
        replace(told, happening="trade.closed") if told.ce_id == f"{M}/C/1" else told for told in world.told
    ]
    assert violations(reconcile(world.evidence())) == {}


def test_what_is_not_committed_need_not_be_durable() -> None:
    """Kafka gives it again: a record that nobody committed is nobody's loss yet."""
    world = good_world()
    committed = world.evidence().committed
    never_send_to_the_ledger(world)
    evidence = replace(world.evidence(), committed=committed)
    assert "I7" not in violations(reconcile(evidence))


def test_what_is_left_over_is_told() -> None:
    """An operation that is still open, and money that is still promised, each by name."""
    world = good_world()
    promise_too_much(world)
    found = [f"{one.where}: {one.sentence}" for one in check_rest(world.evidence()).violations]
    assert found == [f"{M}/D: pay D is still unknown", f"{M}/G: 500 fen are still reserved"]
