"""The stand-in as a whole: merchants, books, time, customers, callbacks and what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from paybus.gateway.merchant import Merchant
from paybus.sandbox.books import BookRules, Books
from paybus.sandbox.callbacks import CallbackRules, Callbacks
from paybus.sandbox.clock import Clock
from paybus.sandbox.customer import Customers, Habits
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import SpoiltError
from paybus.sandbox.fault import BEFORE, SPOILING, Fault
from paybus.sandbox.fault_settings import FaultSettings
from paybus.sandbox.interruption import Interruptions
from paybus.sandbox.plan import Plan, Planner, Subject
from paybus.sandbox.voucher import Vouchers


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Everything a sandbox is told before it starts."""

    merchants: Mapping[str, Merchant]
    seed: int = 0
    faults: FaultSettings = field(default_factory=FaultSettings)
    book_rules: BookRules = field(default_factory=BookRules)
    habits: Habits = field(default_factory=Habits)
    callback_rules: CallbackRules = field(default_factory=CallbackRules)
    revocation_seconds: float = 1.0
    """How long an application for revocation (opType=ACO) takes."""


class Gateway:
    """One gateway; make it where an event loop runs, `close` it there."""

    def __init__(self, conditions: Conditions, engine: httpx.AsyncBaseTransport) -> None:
        self.conditions = conditions
        self.merchants = conditions.merchants
        self.planner = Planner(conditions.seed, conditions.faults)
        self._engine = engine
        self._open()

    def reset(self) -> None:
        """Start with empty books and the first fault settings; calls that wait get no answer."""
        self.close()
        self.planner.replace(self.conditions.faults)
        self._open()

    def close(self) -> None:
        """Cut everything that waits."""
        self.callbacks.cut()
        self.clock.cut()

    def replace_faults(self, settings: FaultSettings) -> None:
        """Let other things go wrong from now on."""
        self.planner.replace(settings)
        self.interruptions = Interruptions(settings, self.books.now)

    def plan(self, call: Call, subject: Subject) -> Plan:
        """Plan a call and note in the books what will become of its answer; raises SpoiltError."""
        plan = self.planner.plan(subject)
        self.check_carried_out(plan.fault)
        if plan.fault in SPOILING:
            call.fault = plan.fault
        return plan

    async def begin(self, call: Call, subject: Subject) -> Plan:
        """Plan a call, and return when the gateway begins with it; raises SpoiltError or CutError."""
        plan = self.plan(call, subject)
        if plan.fault is Fault.QUEUED:
            await self.clock.pass_time(plan.late_seconds)
        return plan

    def check_carried_out(self, fault: Fault | None) -> None:
        """Raise SpoiltError for a fault that comes before anything is done."""
        if fault is not None and fault in BEFORE:
            raise SpoiltError(fault)

    def _open(self) -> None:
        conditions = self.conditions
        self.clock = Clock()
        self.books = Books(conditions.book_rules)
        self.vouchers = Vouchers(conditions.book_rules.max_orders, self.books.now)
        self.interruptions = Interruptions(self.planner.settings, self.books.now)
        self.callbacks = Callbacks(
            conditions.callback_rules, self.merchants, self.planner, self.books, self._engine
        )
        self.customers = Customers(conditions.habits, self.planner, self.books, self.clock, self.callbacks)
