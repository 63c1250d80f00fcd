"""The pod in which an operator works: off by default, and as restricted as the services."""

from contextlib import suppress
import signal
import subprocess
import sys
from typing import Any

from tests.deploy.chart import MINIMAL, PRODUCTION, Thing, container, environment, pods, render
from tests.deploy.kinds import is_operators, problems
from tests.deploy.test_kafka import TOPICS, rights
from tests.deploy.test_traffic import policies, ways_in, ways_out

from paybus.runtime.settings import WorkerSettings
from paybus.trades.operation import Kind

TRIES = 200  # of a tenth of a second
ON: Thing = {"toolbox": {"enabled": True, "databaseSecret": {"name": "operator"}}}


def toolbox(values: Any = PRODUCTION) -> Any:
    """Give its pod."""
    return pods(render(values, ON))["toolbox"]


def test_nobody_has_it_without_asking() -> None:
    """It holds every secret of the release."""
    assert "toolbox" not in pods(render(MINIMAL)) | pods(render(PRODUCTION))


def test_it_is_as_restricted_as_the_services() -> None:
    """The same security, the same image; and it is what its kind says."""
    services, its = pods(render(PRODUCTION))["pay"], toolbox()
    assert its["spec"]["securityContext"] == services["spec"]["securityContext"]
    assert container(its)["securityContext"] == container(services)["securityContext"]
    assert container(its)["image"] == container(services)["image"]
    assert its["spec"]["automountServiceAccountToken"] is False
    things = render(PRODUCTION, ON)
    assert problems([thing for thing in things if not is_operators(thing)]) == []


def test_paybus_finds_everything_in_it() -> None:
    """Ledger, brokers, merchants and profile, under the names that the settings have."""
    things = render(PRODUCTION, ON)
    given = environment(things, "toolbox")
    assert given.keys() <= {f"PAYBUS_{name.upper()}" for name in WorkerSettings.model_fields}
    assert given["PAYBUS_DATABASE_URL"]["secretKeyRef"]["name"] == "operator"
    assert given["PAYBUS_KAFKA_SASL_USERNAME"] == "shop-paybus-toolbox"
    paths = {mount["mountPath"] for mount in container(toolbox())["volumeMounts"]}
    for name in ("PAYBUS_MERCHANTS_DIRECTORY", "PAYBUS_PROFILE", "PAYBUS_KAFKA_CA_FILE"):
        assert any(given[name].startswith(path) for path in paths - {"/tmp"}), name  # noqa: S108


def test_an_operator_may_ask_for_payments_and_write_no_event() -> None:
    """He sends commands and dead letters again, and reads what became of them."""
    found = rights(render(PRODUCTION, ON), "toolbox")
    assert {name for operation, _, name in found if operation == "Write"} == set(map(TOPICS.commands, Kind))
    letters = {("Read", "topic", TOPICS.dead_letters(kind)) for kind in Kind}
    assert letters | {("Read", "topic", TOPICS.trade_events)} <= found


def test_nobody_reaches_it_and_it_reaches_the_gateway() -> None:
    """One comes in by `kubectl exec`, which no policy concerns."""
    spec = policies(PRODUCTION, ON)["toolbox"]
    assert ways_in(spec) == []
    assert list(ways_out(spec, 443)) == [{"ipBlock": {"cidr": "203.0.113.0/24"}}]
    assert list(ways_out(spec, 5432))
    assert list(ways_out(spec, 9093))
    assert not list(ways_out(spec, 4318))


def test_it_goes_when_it_is_told_to() -> None:
    """Also as process 1, for which the kernel ignores what has no handler, as it does here."""
    _python, *options = container(toolbox())["command"]
    program = [sys.executable, *options, *container(toolbox())["args"]]
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the child inherits it
    try:
        process = subprocess.Popen(program)
    finally:
        signal.signal(signal.SIGTERM, before)
    with process:
        for _ in range(TRIES):
            process.terminate()  # again and again: the first may come before it listens
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                break
        process.kill()
    assert process.returncode == 0
