"""Traces are part of the ordered stop: the last thing that stops, and never what a stop waits for."""

from pathlib import Path
import signal
import socket

import pytest
from tests.otlp import collecting
from tests.runtime.program import finish, lines, program, wait_for

LATE = """
    from paybus.telemetry.trace import enter

    @asynccontextmanager
    async def door():
        try:
            yield
        finally:
            _, span = enter("closing", None)
            if span is not None:
                span.end({})

    async def main(service, settings):
        await service.enter(door())
        print("ready", flush=True)
        await service.until_stopped()

    run("till", main, load_settings(Settings))
"""


def test_what_is_done_while_stopping_is_still_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the next batch: with the process would go what it was about to send."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        with program(tmp_path, LATE) as process:
            wait_for(process, "ready")
            process.send_signal(signal.SIGTERM)
            code, _, _ = finish(process)
    assert code == 0
    assert [(span.name, span.service) for span in collector.spans] == [("closing", "paybus-till")]


def test_a_collector_that_does_not_answer_does_not_hold_up_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given some seconds; then the service has stopped in order, with code 0."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections and never answers
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3600")
        with program(tmp_path, LATE) as process:
            wait_for(process, "ready")
            process.send_signal(signal.SIGTERM)
            code, _, complained = finish(process)
    assert code == 0
    assert [line["event"] for line in lines(complained)] == [
        "service.started",
        "service.stopping",
        "service.stopped",
    ]


def test_without_a_collector_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that nobody traces starts and stops as before."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with program(tmp_path, LATE) as process:
        wait_for(process, "ready")
        process.send_signal(signal.SIGTERM)
        code, _, complained = finish(process)
    assert code == 0
    assert len(lines(complained)) == 3
