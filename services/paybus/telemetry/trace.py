"""Traces: what is done for one command, as spans of one W3C trace, whichever process does it.

    span = begin("settle pay", held.traceparent)     # None: nobody collects, or this trace is not sampled
    ...
    if span is not None:
        span.end({"paybus.state": "done"})

A place in a trace is a text, the W3C `traceparent`: so it stands in the ledger, in Kafka's headers and in an
event, and is known while the span still runs. A span is recorded when it ends. Whether a trace is sampled is
decided once, when its command comes in (`enter`), and written into that text; everybody else follows it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
import random
import time
from typing import Final, Protocol

from opentelemetry.trace import SpanKind

__all__ = ["Recorder", "Span", "SpanKind", "Value", "begin", "begin_unplaced", "collect", "enter", "here",
           "is_sampled", "span_counts", "trace_and_span_of", "work_on"]  # fmt: skip

Value = str | int | float | bool

SPAN_RESULTS: Final = ("exported", "failed", "dropped")
"""What becomes of a span that is recorded: the collector has it, did not take it, or too many waited."""

_SAMPLED: Final = frozenset("13579bdf")  # the last bit of the flags, which end the text
_here: ContextVar[str | None] = ContextVar("paybus_trace", default=None)


class Span:
    """Something that is being done; `parent` is where it began, None as long as that is unknown."""

    __slots__ = ("begun_ns", "kind", "name", "parent", "span_id")

    def __init__(self, name: str, parent: str | None, kind: SpanKind) -> None:
        self.name = name
        self.kind = kind
        self.parent = parent
        self.span_id = f"{random.getrandbits(64) or 1:016x}"
        self.begun_ns = time.time_ns()

    def place_in(self, parent: str | None) -> str | None:
        """Say late where it began; gives what its children and events name as their parent."""
        self.parent = parent
        return self.traceparent

    @property
    def traceparent(self) -> str | None:
        """What its children name as their parent; of a trace that is not sampled, the parent's own."""
        if self.parent is None or not is_sampled(self.parent):
            return self.parent
        return f"{self.parent[:36]}{self.span_id}{self.parent[52:]}"

    def end(self, attributes: Mapping[str, Value | None], *, failed: bool = False) -> None:
        """Record it, if its trace is sampled; attributes that are None are left out. Never fails."""
        recorder = _Collected.by
        if recorder is not None and self.parent is not None and is_sampled(self.parent):
            recorder.record(self, attributes, ended_ns=time.time_ns(), failed=failed)


class Recorder(Protocol):
    """What takes spans to the collector."""

    def samples(self, name: str, trace_id: str, header: str | None) -> bool:
        """Decide whether a trace is sampled that comes in with *header*, or begins here."""

    def record(
        self, span: Span, attributes: Mapping[str, Value | None], *, ended_ns: int, failed: bool
    ) -> None:
        """Take a span that has ended; returns at once and raises nothing."""

    def counts(self) -> Mapping[str, int]:
        """Give how many of them have come to each of SPAN_RESULTS; some may still be under way."""


class _Collected:
    """Who records the spans of this process; without one, nothing is begun."""

    by: Recorder | None = None


def collect(recorder: Recorder | None) -> None:
    """Have the spans of this process recorded from now on, or (None) none any more."""
    _Collected.by = recorder


def span_counts() -> Mapping[str, int]:
    """Give what became of the spans of this process until now, by each of SPAN_RESULTS."""
    recorder = _Collected.by
    return dict.fromkeys(SPAN_RESULTS, 0) if recorder is None else recorder.counts()


def begin(name: str, parent: str | None, kind: SpanKind = SpanKind.INTERNAL) -> Span | None:
    """Begin a span below *parent*, a traceparent; None where it would not be recorded."""
    if _Collected.by is None or parent is None or not is_sampled(parent):
        return None
    return Span(name, parent, kind)


def begin_unplaced(name: str, kind: SpanKind) -> Span | None:
    """Begin a span whose trace is not known yet: it is recorded if it has been placed when it ends."""
    return None if _Collected.by is None else Span(name, None, kind)


def enter(name: str, header: str | None) -> tuple[str | None, Span | None]:
    """Continue the sender's trace, or begin one; gives the place to be remembered, and its first span.

    Where nobody collects, the place is the sender's and there is no span.
    """
    recorder = _Collected.by
    if recorder is None:
        return header, None
    parent = header or f"00-{random.getrandbits(128) or 1:032x}-{'0' * 16}-00"
    sampled = recorder.samples(name, parent[3:35], header)
    if not sampled:
        span_id = parent[36:52] if header else f"{random.getrandbits(64) or 1:016x}"
        return f"{parent[:36]}{span_id}-00", None
    span = Span(name, f"{parent[:53]}01", SpanKind.CONSUMER)
    return span.traceparent, span


def is_sampled(traceparent: str) -> bool:
    """Say whether spans of this trace are kept."""
    return traceparent[-1] in _SAMPLED


def trace_and_span_of(traceparent: str) -> tuple[str, str]:
    """Give the trace's id and the span's, as hexadecimal text."""
    return traceparent[3:35], traceparent[36:52]


def work_on(traceparent: str | None) -> None:
    """Say what this task works on until it ends: the lines of the log name it."""
    _here.set(traceparent)


def here() -> str | None:
    """Give the place in a trace at which this task works, if it is known."""
    return _here.get()
