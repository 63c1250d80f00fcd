"""What a soak asks for is what it says: an even pace, every kind of record, every fault."""

from collections import Counter
from itertools import pairwise

from tests.soak.crew import MERCHANT_IDS
from tests.soak.schedule import plan
from tests.soak.weather import forecast

from paybus.cli.reconciliation.asked import read_asked
from paybus.cli.reconciliation.evidence import Sent
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings
from paybus.trades.operation import Kind

PLANNED = plan(1, rate=200, seconds=60, merchant_ids=MERCHANT_IDS)


def test_the_pace_is_even_and_waits_for_nobody() -> None:
    """200 a second are one each 5 ms, decided before anything is answered."""
    assert len(PLANNED) == 12_000
    assert all(abs(later.at_seconds - one.at_seconds - 0.005) < 1e-9 for one, later in pairwise(PLANNED))


def test_every_kind_of_record_is_asked_for() -> None:
    """Pays, refunds and cancels of all merchants, repeats, and records that are no commands."""
    sent = [
        Sent(kind=one.message.kind, position=("", 0, at), value=one.message.value)
        for at, one in enumerate(PLANNED)
    ]
    asked = read_asked(sent)
    kinds = Counter(ask.kind for ask in asked.asks)
    assert min(kinds[kind] for kind in Kind) > 500
    assert {ask.merchant_id for ask in asked.asks} > set(MERCHANT_IDS)
    assert sum(ask.times - 1 for ask in asked.asks) > 500
    assert len(asked.unanswerable) > 10


def test_what_follows_a_pay_is_sent_after_it() -> None:
    """No record of a trade is planned before its pay: the order services know no future."""
    begun: set[str] = set()
    for one in PLANNED:
        code = one.message.charge_code
        assert code[:9] in begun or one.message.kind is Kind.PAY
        begun.add(code[:9])


def test_the_same_seed_plans_the_same() -> None:
    """A soak can be had again."""
    assert plan(1, rate=200, seconds=60, merchant_ids=MERCHANT_IDS) == PLANNED


def test_every_fault_happens_but_the_gateways_own_lie() -> None:
    """All faults of the sandbox are in the weather, with outages of both kinds and a quota of errors."""
    changes = [FaultSettings.model_validate(change.faults) for change in forecast(600)]
    first = changes[0]
    assert set(first.rates) == set(Fault) - {Fault.CANCEL_FORGOTTEN}
    assert first.tail_rate > 0
    assert {rule.operation for rule in first.rules} == {"query"}
    assert [outage.reset for change in changes for outage in change.outages] == [False, True]
    assert sum(change.error_quota is not None for change in changes) == 1
    assert changes[-1] == first
