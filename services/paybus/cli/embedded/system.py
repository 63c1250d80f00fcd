"""The embedded system as a whole: started from the inside out, stopped in reverse, nothing left behind.

It begins with empty books every time: the gateway's and the broker's are in memory, and a ledger that
remembers more than the gateway would ask it about payments that it has never heard of.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
import os
import shutil
import signal
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self

import httpx

from paybus.cli.embedded.caretaker import Caretaker
from paybus.cli.embedded.child import Child
from paybus.cli.embedded.conditions import Conditions
from paybus.cli.embedded.merchant_files import MerchantFiles
from paybus.cli.embedded.roster import NOTIFIER, SANDBOX, WATCHERS, WORKERS, Program, topics_of
from paybus.cli.errors import SystemStartError
from paybus.cli.place import Place
from paybus.contracts.topics import Topics
from paybus.ledger.migration import migrate
from paybus.runtime.embedded_broker import EmbeddedBroker, EmbeddedBrokerError
from paybus.runtime.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

DATABASE: Final = "paybus"
STOP_SECONDS: Final = 20.0
"""How long a service may take to stop: its grace for calls in flight, and time to give the rest back."""

_GRACE_SECONDS: Final = "5"  # the sandbox answers within some 100 ms, or never

Told = Callable[[str], None]


class EmbeddedSystem:
    """A context manager; `check` says whether everything still lives. Raises SystemStartError.

    *told* hears the name of each part when it is ready. Make it in the main thread: SIGTERM and SIGINT
    end it in order.
    """

    def __init__(self, place: Place, conditions: Conditions, *, told: Told = lambda _name: None) -> None:
        self.place = place
        self.addresses: dict[str, str] = {}
        """The HTTP address (`http://127.0.0.1:port`) of each service by name."""
        self.variables: dict[str, str] = {}
        """With which settings another process finds this system."""
        self._conditions = conditions
        self._told = told
        self._stack = ExitStack()
        self._signals = _Signals()
        self._children: list[Child] = []
        self._merchants: MerchantFiles
        self._caretaker: Caretaker

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException as error:
            self._close()
            if isinstance(error, EmbeddedPostgresError | EmbeddedBrokerError):
                raise SystemStartError(str(error)) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._signals.stopping = True
        self._stack.close()

    def check(self) -> None:
        """Raise SystemStartError if a service has died."""
        for child in self._children:
            child.check()

    def restart(self, names: Collection[str], extra: Mapping[str, str]) -> None:
        """End the services called *names*, those that live, and start them anew with *extra* settings.

        Returns at once when they are started: `check` tells of one that does not come up.
        """
        children = [self.child(name) for name in names]
        self._stop(children)
        for child in children:
            self._care_for(child.restart(extra))

    def relieve(self, name: str) -> Child:
        """Start another process of the service called *name* in place of the present one, which lives on.

        Returns when it is ready; raises SystemStartError. Gives the present one.
        """
        before = self.child(name)
        after = before.twin()
        self._stack.callback(self._stop, [after])
        self._care_for(after.start())
        self._children[self._children.index(before)] = after
        after.await_ready()
        return before

    def set_faults(self, faults: Mapping[str, Any]) -> None:
        """Have the gateway go wrong like this from now on; raises httpx.HTTPError."""
        answer = httpx.post(f"{self.addresses['sandbox']}/admin/faults", json=dict(faults), trust_env=False)
        answer.raise_for_status()

    def child(self, name: str) -> Child:
        """Give the process of the service called *name*."""
        return next(child for child in self._children if child.program.name == name)

    def _start(self) -> None:
        place, stack = self.place, self._stack
        place.make()
        stack.enter_context(self._signals)
        self._merchants = MerchantFiles.make_up(place.merchants)
        self._caretaker = stack.enter_context(Caretaker(place.postgres))
        self._start_stores()
        self._start_edges()
        self._start_services([program for program in (*WORKERS, *WATCHERS) if program.installed])

    def _start_stores(self) -> None:
        """Start what remembers: PostgreSQL with an empty ledger, and the broker with its topics."""
        shutil.rmtree(self.place.postgres, ignore_errors=True)
        postgres = self._stack.enter_context(EmbeddedPostgres(self.place.postgres))
        self.variables["PAYBUS_DATABASE_URL"] = postgres.create_database(DATABASE)
        self._told("PostgreSQL")
        broker = self._stack.enter_context(EmbeddedBroker(topics_of(Topics())))
        self._care_for(broker.pid)
        self.variables["PAYBUS_KAFKA_BOOTSTRAP"] = broker.bootstrap
        self._told("broker")
        migrate(self.variables["PAYBUS_DATABASE_URL"])
        self._told("ledger")

    def _start_edges(self) -> None:
        """Start the two whose addresses all others are told: the gateway, and whom it calls back."""
        merchants = {"PAYBUS_MERCHANTS_DIRECTORY": str(self.place.merchants)}
        told = {"MERCHANTS_DIRECTORY": str(self.place.merchants), **self._conditions.sandbox}
        self._launch([SANDBOX], {f"PAYBUS_SANDBOX_{name}": value for name, value in told.items()})
        if self._conditions.faults is not None:
            self.set_faults(self._conditions.faults)
        self._launch([NOTIFIER], self.variables | merchants)
        self._merchants.write(gateway=self.addresses["sandbox"], notifier=self.addresses["notifier"])
        self.variables |= merchants

    def _start_services(self, programs: Sequence[Program]) -> None:
        self._launch(programs, {**self.variables, **self._conditions.services})

    def _launch(self, programs: Sequence[Program], settings: Mapping[str, str]) -> None:
        """Start *programs* side by side and return when all of them are ready."""
        own = {"PAYBUS_GRACE_SECONDS": _GRACE_SECONDS, **settings}
        children = [Child(program, self.place, own) for program in programs]
        self._stack.callback(self._stop, children)
        for child in children:
            self._care_for(child.start())
            self._children.append(child)
        for child in children:
            if child.program.needed:
                child.await_ready()
            name = child.program.name
            self.addresses[name] = f"http://127.0.0.1:{child.await_port()}"
            self._told(name)

    def _stop(self, children: Sequence[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.await_end(STOP_SECONDS)

    def _care_for(self, pid: int) -> None:
        self._caretaker.care_for(pid)


class _Signals:
    """Turns the first SIGTERM or SIGINT into SystemExit.

    One that comes while everything is being stopped ends the process at once; what is still running then
    is ended by the caretaker.
    """

    def __init__(self) -> None:
        self.stopping = False

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._end) for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> NoReturn:
        if self.stopping:
            os._exit(128 + number)
        self.stopping = True
        raise SystemExit(128 + number)
