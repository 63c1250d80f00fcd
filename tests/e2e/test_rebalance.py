"""Workers join and leave while commands come in: what is shared out anew is neither lost nor done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
import json
from threading import Event, Thread

from confluent_kafka import Producer
from tests.e2e.judge import assert_coherent
from tests.e2e.shop import PATIENT
from tests.e2e.system import System, barcode

from paybus.trades.operation import Kind

PACE_SECONDS = 0.01  # 100 commands a second: at any time a worker has some in each of their states
ACCEPTED = 'paybus_intake_records_total{kind="pay",result="accepted"}'


def test_workers_join_and_leave_under_load(system: System) -> None:
    """A worker joins, one leaves in order, one joins, one is killed with -9, and so on: each command once."""
    system.start_sandbox(latency_ms=100)
    system.start("notifier")
    _join(system, "pay0")
    with _streaming(system) as sent:
        for old, new, leave in (
            ("pay0", "pay1", _stop),
            ("pay1", "pay2", System.kill),
            ("pay2", "pay3", _stop),
        ):
            _await_share(system, old)
            _join(system, new)
            _await_share(system, new)
            leave(system, old)
            _await_share(system, new)
    system.await_answers(len(sent))
    system.until(lambda: system.committed(Kind.PAY) == len(sent))
    trades = assert_coherent(system)
    assert {code: events[-1].value["state"] for code, events in trades.items()} == dict.fromkeys(sent, "paid")
    assert system.stop() == dict.fromkeys(["pay3", "notifier", "sandbox"], 0)


def _join(system: System, name: str) -> None:
    system.start(name, "pay", **PATIENT).await_log("service.started")


def _stop(system: System, name: str) -> None:
    assert system.process(name).stop() == 0
    system.forget(name)


def _await_share(system: System, name: str) -> None:
    """Return when this worker takes commands on."""
    before = system.metric(name, ACCEPTED)
    system.until(lambda: system.metric(name, ACCEPTED) > before)


@contextmanager
def _streaming(system: System) -> Iterator[list[str]]:
    """Ask for one pay after the other while the block runs; gives the growing list of their codes."""
    producer = Producer({"bootstrap.servers": system.bootstrap, "linger.ms": 5, "log_level": 0})
    sent: list[str] = []
    ended = Event()

    def stream() -> None:
        for number in count():
            command = barcode(number)
            code = command["charge_code"]
            producer.produce(system.topics.commands(Kind.PAY), json.dumps(command), key=code)
            sent.append(code)
            if ended.wait(PACE_SECONDS):
                return

    thread = Thread(target=stream)
    thread.start()
    try:
        yield sent
    finally:
        ended.set()
        thread.join()
    assert producer.flush(60) == 0, "the broker did not take the records"
