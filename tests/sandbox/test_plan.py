"""How calls are planned: by seed and code alone, by rules, by magic, by rates."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
import pytest

from paybus.sandbox.draw import Draw
from paybus.sandbox.fault import APPLIES_TO, Fault
from paybus.sandbox.fault_settings import MAGIC_AMOUNTS, FaultSettings, Rule, magic_fault
from paybus.sandbox.plan import Planner, Subject
from paybus.trades.money import Fen

CODES = [f"C{number}" for number in range(2000)]


def faults(planner: Planner, codes: list[str]) -> dict[str, Fault | None]:
    """Plan a pay of each code."""
    return {code: planner.plan(Subject("pay", "m", code)).fault for code in codes}


def test_the_order_of_arrival_changes_nothing() -> None:
    """The same seed and code meet the same fault, whoever came before; another seed meets others."""
    settings = FaultSettings(rates={Fault.LOST_ANSWER: 0.3}, latency_ms=50, latency_spread=1, tail_rate=0.1)
    forward, backward = Planner(7, settings), Planner(7, settings)
    assert faults(forward, CODES) == faults(backward, CODES[::-1])
    assert faults(Planner(7, settings), CODES) != faults(Planner(8, settings), CODES)
    subject = Subject("pay", "m", "C1")
    assert forward.plan(subject).latency_seconds == backward.plan(subject).latency_seconds


def test_rates_are_shares_of_the_codes() -> None:
    """Two faults share the calls as their rates say; the rest is spared."""
    settings = FaultSettings(rates={Fault.LOST_ANSWER: 0.2, Fault.DECLINE: 0.3, Fault.CALLBACK_LOST: 0.9})
    met = Counter(faults(Planner(1, settings), CODES).values())
    assert abs(met[Fault.LOST_ANSWER] / 2000 - 0.2) < 0.05
    assert abs(met[Fault.DECLINE] / 2000 - 0.3) < 0.05
    assert met[Fault.CALLBACK_LOST] == 0


def test_latencies_have_their_median_and_their_tail() -> None:
    """Half of the calls are below the median, the tail has its share."""
    settings = FaultSettings(latency_ms=50, latency_spread=0.5, tail_rate=0.1, tail_ms=9000)
    planner = Planner(1, settings)
    taken = [planner.plan(Subject("pay", "m", code)).latency_seconds for code in CODES]
    tail = sum(seconds == 9 for seconds in taken)
    assert abs(tail / 2000 - 0.1) < 0.03
    assert abs(sum(seconds < 0.05 for seconds in taken) / (2000 - tail) - 0.5) < 0.05


def test_a_code_meets_its_fault_as_often_as_the_rule_says() -> None:
    """Once by default, `times` otherwise; new settings begin anew."""
    subject = Subject("pay", "m", "C1")
    for times in (1, 3):
        rule = Rule(fault=Fault.HTML, times=times)
        planner = Planner(0, FaultSettings(rules=(rule,)))
        met = [planner.plan(subject).fault for _ in range(5)]
        assert met == [Fault.HTML] * times + [None] * (5 - times)
        planner.replace(planner.settings)
        assert planner.plan(subject).fault is Fault.HTML


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({}, True),
        ({"operation": "pay"}, True),
        ({"operation": "refund"}, False),
        ({"merchant_id": "m"}, True),
        ({"merchant_id": "n"}, False),
        ({"code_prefix": "C"}, True),
        ({"code_prefix": "D"}, False),
        ({"amount_fen": 100}, True),
        ({"amount_fen": 101}, False),
        ({"rate": 0.0}, False),
    ],
)
def test_a_rule_matches_all_that_it_names(rule: dict, *, met: bool) -> None:
    """Operation, merchant, prefix, amount; what is left out matches everything."""
    planner = Planner(0, FaultSettings(rules=(Rule(fault=Fault.LOST_ANSWER, **rule),)))
    fault = planner.plan(Subject("pay", "m", "C1", Fen(100))).fault
    assert (fault is Fault.LOST_ANSWER) is met


def test_rules_come_before_magic_and_magic_before_rates() -> None:
    """The first that says something counts; a magic code shields from rates."""
    rates = {Fault.DECLINE: 1.0}
    subject = Subject("pay", "m", "FAULT-HTML-1")
    assert Planner(0, FaultSettings(rates=rates)).plan(subject).fault is Fault.HTML
    rule = Rule(fault=Fault.SLOW, operation="pay")
    assert Planner(0, FaultSettings(rates=rates, rules=(rule,))).plan(subject).fault is Fault.SLOW
    shielded = Subject("pay", "m", "FAULT-CALLBACK_LOST-1")
    assert Planner(0, FaultSettings(rates=rates)).plan(shielded).fault is None


def test_a_rule_must_make_sense() -> None:
    """A fault of callbacks cannot befall a pay."""
    with pytest.raises(ValidationError, match="no meaning for pay"):
        Rule(fault=Fault.CALLBACK_LOST, operation="pay")


def test_every_fault_has_a_name_an_amount_and_a_place() -> None:
    """Magic codes and amounts reach all of them, and each applies somewhere."""
    for fault in Fault:
        assert magic_fault(f"FAULT-{fault.upper()}-1", None) is fault
        assert APPLIES_TO[fault]
    assert list(MAGIC_AMOUNTS.values()) == list(Fault)
    assert magic_fault("FAULT-EARTHQUAKE-1", Fen(1)) is None


@given(st.integers(), st.text())
def test_draws_lie_between_zero_and_one(seed: int, key: str) -> None:
    """And the normal number made of one is finite."""
    draw = Draw(seed, key)
    assert all(0 < number <= 1 for number in (draw.fault, draw.tail, draw.wait, draw.share))
    assert abs(draw.normal()) < 10
