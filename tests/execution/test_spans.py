"""What is done for an operation is in its trace: named, judged, and without anything secret."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.execution.test_attempt import HELD, answered, failing
from tests.telemetry.notebook import LEFT_OUT, SAMPLED, Notebook, noted

from paybus.execution.spans import attributes_of_settlement, taken_over
from paybus.gateway import errors
from paybus.ledger.settlement import LOST, Settled, Settlement
from paybus.telemetry.redaction import is_secret_name
from paybus.telemetry.trace import SpanKind
from paybus.trades.aftermath import Conclusion
from paybus.trades.operation import OperationState
from paybus.trades.outcome import Outcome, Source, Verdict

TRACED = replace(HELD, traceparent=SAMPLED, turn=3, quiet_seconds=1.5)
EXECUTED = Outcome(verdict=Verdict.EXECUTED, source=Source.REPLY, return_code="SUCCESS")


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    """Have spans recorded."""
    with noted() as made:
        yield made


@pytest.fixture
def _traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the requests be for an operation with a trace."""
    monkeypatch.setattr("tests.execution.test_attempt.HELD", TRACED)


@pytest.mark.usefixtures("_traced")
async def test_an_attempt_is_a_clients_span(notebook: Notebook) -> None:
    """Where it went, what came back, what was made of it; its record names it."""
    made = await answered("SUCCESS")
    ((span, attributes, failed),) = notebook.spans
    assert (span.name, span.kind, span.parent) == ("attempt refund", SpanKind.CLIENT, SAMPLED)
    assert made.traceparent == span.traceparent
    assert not failed
    assert {name: value for name, value in attributes.items() if value is not None} == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "gateway.example",
        "server.port": 8443,
        "paybus.kind": "refund",
        "paybus.merchant_id": "0010000001",
        "paybus.charge_code": "C1",
        "paybus.out_refund_no": "R1",
        "paybus.operation": "refund",
        "paybus.turn": 3,
        "paybus.verdict": made.outcome.verdict.value,
        "paybus.return_code": "SUCCESS",
    } | ({"paybus.reason": made.outcome.reason} if made.outcome.reason else {})


@pytest.mark.usefixtures("_traced")
async def test_an_attempt_without_an_answer_has_failed(notebook: Notebook) -> None:
    """The error's name says why; a no of the gateway's is no failure."""
    await failing(errors.HttpStatusError(502, moves_money=True))
    await answered("FAIL")
    (_, lost, has_failed), (_, told, was_no) = notebook.spans
    assert (lost["error.type"], lost["http.response.status_code"], has_failed) == (
        "HttpStatusError",
        502,
        True,
    )
    assert (told["error.type"], told["paybus.return_code"], was_no) == (None, "FAIL", False)


@pytest.mark.usefixtures("_traced")
async def test_without_a_collector_the_records_place_is_the_operations() -> None:
    """Whoever reads the audit trail finds the command's trace all the same."""
    assert (await answered("SUCCESS")).traceparent == SAMPLED


def test_who_takes_over_says_so(notebook: Notebook) -> None:
    """What follows is below it: in the trace one sees where one worker ended and another began."""
    held = taken_over(TRACED)
    ((span, attributes, _),) = notebook.spans
    assert (span.name, span.parent) == ("takeover refund", SAMPLED)
    assert held == replace(TRACED, traceparent=span.traceparent)
    assert (attributes["paybus.turn"], attributes["paybus.quiet_seconds"]) == (3, 1.5)


@pytest.mark.parametrize("state", [state for state in OperationState if state is not OperationState.READY])
def test_what_was_merely_due_is_not_taken_over(notebook: Notebook, state: OperationState) -> None:
    """An inquiry on its schedule has nobody's work to go on with."""
    held = replace(TRACED, operation=replace(TRACED.operation, state=state))
    assert taken_over(held) is held
    assert notebook.spans == []


@pytest.mark.parametrize("place", [None, LEFT_OUT])
def test_a_trace_that_nobody_keeps_stays_as_it_is(notebook: Notebook, place: str | None) -> None:
    """No span, and no other place."""
    held = replace(HELD, traceparent=place)
    assert taken_over(held) is held
    assert notebook.spans == []


@pytest.mark.parametrize(
    ("settled", "state"),
    [(Settled(Conclusion(state=OperationState.DONE, trade=None)), "done"), (LOST, "lost")],
)
def test_a_settlement_says_what_it_made_of_the_operation(settled: Settled, state: str) -> None:
    """Or that another had it by then."""
    settlement = Settlement(held=TRACED, outcome=EXECUTED, decide=lambda *_: 1 / 0)  # type: ignore[arg-type,return-value]
    attributes = attributes_of_settlement(settlement, settled)
    assert (attributes["paybus.state"], attributes["paybus.verdict"]) == (state, "executed")


@pytest.mark.usefixtures("_traced")
async def test_no_attribute_is_named_like_a_secret(notebook: Notebook) -> None:
    """The names are ours: none of them is a key's, a sign's or a scanned code's."""
    await answered("SUCCESS")
    taken_over(TRACED)
    names = {name for _, attributes, _ in notebook.spans for name in attributes}
    assert len(names) > 10
    assert not [name for name in names if any(map(is_secret_name, name.split(".")))]
