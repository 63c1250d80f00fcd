"""A proof is only as good as its no: a seam that was never reached, or a broken promise, is told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs
import pytest
from tests.cli.reconciliation.world import good_world

from paybus.cli.proof.display import print_verdicts
from paybus.cli.proof.round import Manner, Round, rounds, traffic_of
from paybus.cli.proof.verdict import Verdict, evidence_of
from paybus.cli.reconciliation.books import Books
from paybus.cli.reconciliation.evidence import Evidence
from paybus.cli.reconciliation.report import reconcile
from paybus.cli.reconciliation.rest import check_rest
from paybus.contracts.command import identify
from paybus.telemetry.seam import Seam
from paybus.trades.operation import Kind

ROUND = Round(number=3, manner=Manner.SEAM, victims=("pay",), seam=Seam.ANSWER_READ)


def all_well() -> Evidence:
    """Give the evidence of a round after which nothing is open."""
    evidence = good_world().evidence()
    open_codes = {row.charge_code for row in evidence.operations if row.is_open}

    def closed(rows: Sequence[Any]) -> list[Any]:
        return [row for row in rows if row.charge_code not in open_codes]

    statement = evidence.books.statement
    return replace(
        evidence,
        sent=[
            one
            for one in evidence.sent
            if not any(f'"{code}"'.encode() in (one.value or b"") for code in open_codes)
        ],
        told=[told for told in evidence.told if told.content.charge_code not in open_codes],
        operations=closed(evidence.operations),
        trades=closed(evidence.trades),
        calls=closed(evidence.calls),
        books=Books(
            structs.replace(
                statement,
                effects=tuple(closed(statement.effects)),
                orders=tuple(closed(statement.orders)),
                calls=tuple(closed(statement.calls)),
            )
        ),
    )


def verdict(evidence: Evidence, *, survivors: frozenset[str] = frozenset()) -> Verdict:
    """Judge a round by *evidence*."""
    return Verdict(
        round=ROUND, report=reconcile(evidence), rest=check_rest(evidence), survivors=survivors, seconds=1.0
    )


def test_every_seam_is_tried_at_its_first_passing_and_later() -> None:
    """No seam is left out, and each is tried when nothing happened yet and in the middle of work."""
    tried = {(one.seam, one.count) for one in rounds() if one.manner is Manner.SEAM}
    assert {seam for seam, count in tried if count == 1} == set(Seam)
    assert {seam for seam, count in tried if count > 1} >= {Seam.ANSWER_READ, Seam.SETTLE_NOT_COMMITTED}
    others = [one.title for one in rounds() if one.manner is not Manner.SEAM]
    assert others == ["charged_unread 1", "frozen_beyond_lease 3"]
    numbers = [one.number for one in rounds()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("one", list(rounds()), ids=lambda one: one.title)
def test_a_round_gives_every_victim_work(one: Round) -> None:
    """Each round has pays, refunds and cancels, some of them twice, under charge codes of its own."""
    messages = traffic_of(one, ("0010000001", "0010000002"))
    assert {message.kind for message in messages} == set(Kind)
    assert all(message.charge_code.startswith(one.prefix) for message in messages)
    keys = [(message.kind, identify(message.value, message.kind).key(message.kind)) for message in messages]
    assert len(set(keys)) < len(keys)


def test_what_went_well_is_held() -> None:
    """Every promise kept, everybody died where he should: held."""
    assert verdict(all_well()).held


def test_a_seam_that_was_not_reached_proves_nothing() -> None:
    """A victim that lived through its round makes the verdict a no, however well everything went."""
    judged = verdict(all_well(), survivors=frozenset({"pay"}))
    assert judged.report.held
    assert not judged.held


def test_every_service_that_passes_a_seam_is_tried_there() -> None:
    """Each kind of operation dies at each step of its own way, the asking and the telling included."""
    workers = {"pay", "refund", "cancel"}
    for one in rounds():
        if one.title.startswith(("inquiry",)):
            assert set(one.victims) == workers | {"reconciler"}, one.title
        elif one.title.startswith(("event", "callback")):
            assert one.victims == ("notifier",), one.title
        else:
            assert set(one.victims) == workers - ({"pay"} if one.seam is Seam.START_COMMITTED else set())


def test_what_is_still_open_is_a_no() -> None:
    """When the faults have stopped, nothing may stay open: the whole report is held, and the round is not."""
    judged = verdict(good_world().evidence())
    assert judged.report.held
    assert not judged.held
    assert [finding.invariant.value for finding in judged.broken] == ["I8"]
    assert [finding.invariant.value for finding in judged.findings] == [
        f"I{number}" for number in range(1, 9)
    ]


def test_the_table_names_who_was_missed_and_what_broke(capsys: pytest.CaptureFixture[str]) -> None:
    """Behind the table there is a line for each victim that was not struck and for each broken promise."""
    missed = verdict(all_well(), survivors=frozenset({"pay"}))
    print_verdicts([missed, verdict(good_world().evidence())], duplicate_detection=False)
    printed = capsys.readouterr().out
    assert "UNPROVED" in printed
    assert "\nanswer_read 1: not reached by pay\n" in printed
    assert "\nanswer_read 1: I8 0010000001/D: pay D is still unknown\n" in printed


def test_a_double_effect_is_a_no() -> None:
    """One effect too many in the gateway's books breaks the round, and says which promise it was."""
    evidence = all_well()
    statement = evidence.books.statement
    doubled = structs.replace(statement, effects=(*statement.effects, statement.effects[0]))
    judged = verdict(replace(evidence, books=Books(doubled)))
    assert not judged.held
    assert "ONE_EFFECT" in [finding.invariant.name for finding in judged.broken]


def test_only_a_rounds_own_trades_are_judged() -> None:
    """What other rounds did is left out: nothing of it can hide or break this one's result."""
    evidence = evidence_of(all_well(), ROUND)
    assert not evidence.told
    assert not evidence.operations
    assert not evidence.books.statement.effects
