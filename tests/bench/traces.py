"""What traces cost the pay process: processor time a command, `python -m tests.bench.traces`.

The program's own functions do for each command what a pay does: its record enters, the request is an attempt,
the outcome is settled, the event gets its place. Beside them there is nothing, so the difference to "off" is
the price. Spans go over HTTP to a collector in another process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import multiprocessing
from multiprocessing.connection import Connection
import os
import statistics
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from tests.intake.records import PAY, Consumed, reader, record
from tests.otlp import collecting

from paybus.contracts.call import GatewayCall
from paybus.execution.spans import attributes_of_call, attributes_of_settlement
from paybus.intake.spans import end, entered
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.ledger.held import Held
from paybus.ledger.settlement import Settled, Settlement
from paybus.telemetry.collector import Way
from paybus.telemetry.trace import SpanKind, begin, collect, work_on
from paybus.trades.aftermath import Conclusion
from paybus.trades.operation import Kind, OperationState
from paybus.trades.outcome import Outcome, Source, Verdict

COMMANDS = 5_000
ROUNDS = 7
FLUSH_EVERY = 400  # three spans each: below the 2 048 that the queue holds, so none is dropped

BASE_URL = "https://gateway.example:8443/openGateway/openService/"
DONE = Settled(Conclusion(state=OperationState.DONE, trade=None))
OUTCOME = Outcome(verdict=Verdict.EXECUTED, source=Source.REPLY, return_code="SUCCESS")
HOW = {
    "off": None,
    "sampled out": {"OTEL_TRACES_SAMPLER": "always_off"},
    "10 %": {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    "100 %": {"OTEL_TRACES_SAMPLER": "parentbased_always_on"},
}


def main() -> None:
    """Measure each way in turn, several times, and print the medians."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    collector = multiprocessing.get_context("spawn").Process(target=_collect, args=(theirs,))
    collector.start()
    endpoint = ours.recv()
    figures: dict[str, list[float]] = {name: [] for name in HOW}
    for _ in range(ROUNDS):
        for name, variables in HOW.items():
            figures[name].append(_measured(variables, endpoint))
    ours.send(None)
    collector.join()
    off = statistics.median(figures["off"])
    print(
        f"CPU us a command, {COMMANDS} commands, {ROUNDS} rounds; off: {off:.1f} (what the measuring costs)"
    )
    for name, several in figures.items():
        print(
            f"{name:12} +{statistics.median(several) - off:6.1f}   {min(several):.1f} to {max(several):.1f}"
        )


def _measured(variables: dict[str, str] | None, endpoint: str) -> float:
    consumed = record(PAY)
    read = reader().read(consumed)
    assert isinstance(read, Acceptance)
    with _traced(variables, endpoint) as flush:
        begun = time.process_time()
        for number in range(COMMANDS):
            _pay(consumed, read)
            if number % FLUSH_EVERY == 0:
                flush()
        flush()
        return (time.process_time() - begun) / COMMANDS * 1e6


def _pay(consumed: Consumed, read: Acceptance) -> None:
    placed, entry = entered(consumed, read, Kind.PAY)
    assert isinstance(placed, Acceptance)
    held = Held(
        operation_id=1, operation=placed.operation, command=placed.command, fingerprint=placed.fingerprint,
        traceparent=placed.traceparent, expires_at=None, trade=None,
    )  # fmt: skip
    end([entry] if entry else [], Accepted((held,), 0, 0), Kind.PAY)
    work_on(held.traceparent)
    attempt = begin("attempt pay", held.traceparent, SpanKind.CLIENT)
    if attempt is not None:
        attempt.end(attributes_of_call(CALL, BASE_URL, turn=held.turn))
    settle = begin("settle pay", held.traceparent)
    place = None if settle is None else settle.traceparent
    settlement = Settlement(held=held, outcome=OUTCOME, decide=_decide, sent=True, traceparent=place)
    if settle is not None:
        settle.end(attributes_of_settlement(settlement, DONE))


CALL = GatewayCall(
    operation="pay", kind="pay", merchant_id="0010000001", charge_code="20260101000001",
    key="20260101000001", verdict="executed", return_code="SUCCESS", http_status=200, at_ms=1,
    duration_us=50_000,
)  # fmt: skip


def _decide(*_: object) -> Conclusion:
    raise AssertionError("nothing is decided here")


@contextmanager
def _traced(variables: dict[str, str] | None, endpoint: str) -> Iterator[Callable[[], object]]:
    if variables is None:
        yield lambda: None
        return
    before = dict(os.environ)
    os.environ.update({**variables, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
    way = Way("pay", OTLPSpanExporter())
    collect(way)
    try:
        yield way._processor.force_flush
    finally:
        collect(None)
        way._processor.shutdown()
        os.environ.clear()
        os.environ.update(before)


def _collect(pipe: Connection) -> None:
    with collecting() as collector:
        pipe.send(collector.endpoint)
        pipe.recv()


if __name__ == "__main__":
    main()
