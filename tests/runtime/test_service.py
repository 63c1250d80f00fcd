"""A service starts its parts in order, stops them in reverse, and never outlives a part that died."""

from pathlib import Path
import signal

import pytest
from tests.runtime.program import finish, lines, program, wait_for

ORDERLY = """
    async def background(name):
        try:
            print("run", name, flush=True)
            await asyncio.Event().wait()
        finally:
            print("end", name, flush=True)

    async def main(service, settings):
        await service.enter(part("ledger"))
        service.watch("relay", background("relay"))
        await service.enter(part("door"))
        await asyncio.sleep(0)
        print("ready", flush=True)
        await service.until_stopped()
        print("stopping", flush=True)

    run("orderly", main, load_settings(Settings))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_parts_in_reverse_order_and_exits_with_0(
    tmp_path: Path, number: signal.Signals
) -> None:
    """What was started last, watched parts included, is stopped first; nothing is left out."""
    with program(tmp_path, ORDERLY) as process:
        wait_for(process, "ready")
        process.send_signal(number)
        code, printed, complained = finish(process)
    assert (code, printed) == (0, ["stopping", "stop door", "end relay", "stop ledger"])
    events = [line["event"] for line in lines(complained)]
    assert events == ["service.started", "service.stopping", "service.stopped"]
    assert {line["service"] for line in lines(complained)} == {"orderly"}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("raise LookupError('lost')", "LookupError"),
        ("return", "returned"),
        ("raise asyncio.CancelledError", "cancelled"),
    ],
)
def test_a_part_that_ends_by_itself_stops_the_service_with_exit_code_1(
    tmp_path: Path, end: str, reason: str
) -> None:
    """However the part ended, nobody does its work any more; the log says which one it was."""
    text = f"""
    async def dying():
        {end}

    async def main(service, settings):
        await service.enter(part("ledger"))
        service.watch("relay", dying())
        await service.until_stopped()

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (1, ["start ledger", "stop ledger"])
    [death] = [line for line in lines(complained) if line["event"] == "service.part_died"]
    assert (death["part"], death["reason"], death["level"]) == ("relay", reason, "error")
    assert ("lost" in death.get("exception", "")) == (reason == "LookupError")


def test_a_signal_while_a_part_is_starting_stops_those_before_it(tmp_path: Path) -> None:
    """A broker that is not there must not keep the process from ending in order."""
    text = """
    @asynccontextmanager
    async def unreachable():
        print("trying", flush=True)
        await asyncio.Event().wait()
        yield

    async def main(service, settings):
        await service.enter(part("ledger"))
        await service.enter(unreachable())
        await service.until_stopped()

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        wait_for(process, "trying")
        process.terminate()
        assert finish(process)[:2] == (0, ["stop ledger"])


def test_a_stop_after_an_interrupted_start_is_not_itself_cancelled(tmp_path: Path) -> None:
    """The cancellation ended the start and is over: task groups of Python 3.13 would deliver it again."""
    text = """
    @asynccontextmanager
    async def flushing():
        yield
        await asyncio.sleep(0)
        print("cancelling:", asyncio.current_task().cancelling(), flush=True)

    async def main(service, settings):
        await service.enter(flushing())
        print("trying", flush=True)
        await asyncio.Event().wait()

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        wait_for(process, "trying")
        process.terminate()
        assert finish(process)[:2] == (0, ["cancelling: 0"])


def test_a_part_that_dies_while_another_is_starting_ends_the_start(tmp_path: Path) -> None:
    """The start does not go on, perhaps for ever, without a part that is needed."""
    text = """
    async def dying():
        raise LookupError

    async def main(service, settings):
        await service.enter(part("ledger"))
        service.watch("relay", dying())
        await asyncio.Event().wait()

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        assert finish(process)[:2] == (1, ["start ledger", "stop ledger"])


def test_a_part_that_cannot_start_stops_those_before_it_and_exits_with_1(tmp_path: Path) -> None:
    """The error is in the log as one line, and what was opened is closed."""
    text = """
    async def main(service, settings):
        await service.enter(part("ledger"))
        raise ConnectionRefusedError("no broker")

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (1, ["start ledger", "stop ledger"])
    [failure] = [line for line in lines(complained) if line["event"] == "service.failed"]
    assert "no broker" in failure["exception"]


def test_a_part_that_cannot_stop_does_not_keep_the_others_from_stopping(tmp_path: Path) -> None:
    """The exit code tells of it: something may not have been written down."""
    text = """
    @asynccontextmanager
    async def stubborn():
        yield
        raise LookupError("cannot stop")

    async def main(service, settings):
        await service.enter(part("ledger"))
        await service.enter(stubborn())

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (1, ["start ledger", "stop ledger"])
    assert "cannot stop" in complained


def test_a_part_with_a_polite_stop_ends_by_itself(tmp_path: Path) -> None:
    """`stop` asks it to end, and its last words are waited for instead of being cut off."""
    text = """
    async def polite(asked):
        await asked.wait()
        await asyncio.sleep(0)
        print("said goodbye", flush=True)

    async def main(service, settings):
        await service.enter(part("ledger"))
        asked = asyncio.Event()
        service.watch("polite", polite(asked), stop=asked.set)

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        assert finish(process)[:2] == (0, ["start ledger", "said goodbye", "stop ledger"])


HANGING = """
    @asynccontextmanager
    async def hanging():
        yield
        print("hanging", flush=True)
        await asyncio.Event().wait()

    async def main(service, settings):
        await service.enter(hanging())
        print("ready", flush=True)
        await service.until_stopped()

    import paybus.runtime.service
    paybus.runtime.service.STOP_SECONDS = 0.0
    run("x", main, load_settings(Settings))
"""


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    """A person who presses Ctrl-C again is not told to wait for the first."""
    with program(tmp_path, HANGING) as process:
        wait_for(process, "ready")
        process.terminate()
        wait_for(process, "hanging")
        process.terminate()
        code, _, complained = finish(process)
    assert code == 128 + signal.SIGTERM
    assert lines(complained)[-1]["event"] == "service.ended_at_once"


def test_a_stop_that_takes_longer_than_the_grace_ends_the_process(tmp_path: Path) -> None:
    """A call that never ends does not keep a process that should be gone."""
    with program(tmp_path, HANGING, {"grace_seconds": "0"}) as process:
        wait_for(process, "ready")
        process.terminate()
        code, printed, complained = finish(process)
    assert (code, printed) == (1, ["hanging"])
    last = lines(complained)[-1]
    assert (last["event"], last["level"]) == ("service.stop_took_too_long", "critical")


def test_merchants_that_cannot_be_used_end_a_started_service_in_order(tmp_path: Path) -> None:
    """Exit code 2 is kept when the refusal comes from within main, and the parts are stopped."""
    text = """
    async def main(service, settings):
        await service.enter(part("ledger"))
        refuse_to_start(["The merchants are wrong."])

    run("x", main, load_settings(Settings))
    """
    with program(tmp_path, text) as process:
        code, printed, complained = finish(process)
    assert (code, printed) == (2, ["start ledger", "stop ledger"])
    assert complained.startswith("The merchants are wrong.\n")
    assert [line["event"] for line in lines(complained.partition("\n")[2])] == ["service.stopped"]
