"""The customers: they pay, decline or let time run out, by themselves or as somebody plays them."""

import asyncio
from dataclasses import dataclass
from functools import partial
from math import exp

from paybus.sandbox.books import Books
from paybus.sandbox.callbacks import Callbacks
from paybus.sandbox.clock import Clock, Timer, wake
from paybus.sandbox.fault import Fault
from paybus.sandbox.order import Order
from paybus.sandbox.plan import Plan, Planner
from paybus.sandbox.state import OrderState


@dataclass(frozen=True, slots=True)
class Habits:
    """How customers behave.

    `pays_after_seconds` (median of a lognormal distribution with `spread`) is about orders that they
    have to pay themselves; None lets them wait to be played. A scanned code is paid after the call's
    latency, and closed unpaid after `scan_expires_after_seconds` (docs/protocol.md §1).
    """

    pays_after_seconds: float | None = None
    spread: float = 0.0
    scan_expires_after_seconds: float = 80.0
    order_expires_after_seconds: float = 7200.0
    callback_after_scan: bool = False


class Customers:
    """Decides pending orders of one set of books."""

    def __init__(
        self, habits: Habits, planner: Planner, books: Books, clock: Clock, callbacks: Callbacks
    ) -> None:
        self._habits = habits
        self._planner = planner
        self._books = books
        self._clock = clock
        self._callbacks = callbacks

    def scanned(self, order: Order, plan: Plan) -> asyncio.Future[None]:
        """Let the customer whose code was scanned decide; the future ends when the order has left pending."""
        waiting = self._clock.wait()
        expiry = self._habits.scan_expires_after_seconds
        timer = self._timer(order, plan, plan.latency_seconds, expiry)

        def left() -> None:
            timer.cancel()
            wake(waiting)

        order.on_left = left
        return waiting

    def hesitating(self, order: Order, plan: Plan) -> None:
        """Let the customer pay after the gateway has given up waiting for him."""
        after = plan.latency_seconds + plan.late_seconds
        order.on_left = self._timer(order, plan, after, self._habits.scan_expires_after_seconds).cancel

    def invited(self, order: Order, plan: Plan) -> None:
        """Let the customer who is shown a code decide in his own time."""
        after = self._pays_after_seconds(order, plan)
        order.on_left = self._timer(order, plan, after, self._habits.order_expires_after_seconds).cancel

    def open_until(self, order: Order) -> float:
        """Give the time (Unix seconds) at which the order is closed if nobody has paid it."""
        habits = self._habits
        scanned = order.wish.scanned
        expiry = habits.scan_expires_after_seconds if scanned else habits.order_expires_after_seconds
        return order.begun_at + expiry

    def approve(self, order: Order) -> bool:
        """Pay a pending order; false if it is not pending."""
        if order.state is not OrderState.PENDING:
            return False
        scanned = order.wish.scanned
        self._books.charge(order, cause=order.call if scanned else "customer")
        if not scanned or self._habits.callback_after_scan:
            self._callbacks.notify(order)
        return True

    def decline(self, order: Order) -> bool:
        """Decline a pending order; false if it is not pending."""
        if order.state is not OrderState.PENDING:
            return False
        self._books.close(order)
        return True

    def expire(self, order: Order) -> None:
        """Close an order that nobody paid in time."""
        if order.state is OrderState.PENDING:
            self._books.close(order, expired=True)

    def _timer(self, order: Order, plan: Plan, after: float | None, expiry: float) -> Timer:
        if after is None or after >= expiry or plan.fault is Fault.HOLD:
            return self._clock.later(expiry, partial(self.expire, order))
        act = self.decline if plan.fault is Fault.DECLINE else self.approve
        return self._clock.later(after, partial(act, order))

    def _pays_after_seconds(self, order: Order, plan: Plan) -> float | None:
        after = self._habits.pays_after_seconds
        if after is None:
            return None
        chance = self._planner.draw("customer", *order.key).normal()
        return plan.latency_seconds + after * exp(self._habits.spread * chance)
