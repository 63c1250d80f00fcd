"""A recorder in memory: spans as they end, for tests that need no collector."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from paybus.telemetry.trace import Span, Value, collect

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SENDER}-01"
LEFT_OUT = f"00-{TRACE}-{SENDER}-00"


@dataclass
class Notebook:
    """Keeps spans with their attributes and whether they failed; samples everything, or nothing."""

    everything: bool = True
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    spans: list[tuple[Span, dict[str, Any], bool]] = field(default_factory=list)

    def samples(self, name: str, trace_id: str, header: str | None) -> bool:
        """Decide."""
        self.asked.append((name, trace_id, header))
        return self.everything

    def record(
        self, span: Span, attributes: Mapping[str, Value | None], *, ended_ns: int, failed: bool
    ) -> None:
        """Keep a span."""
        assert ended_ns >= span.begun_ns
        self.spans.append((span, dict(attributes), failed))

    def counts(self) -> Mapping[str, int]:
        """Say that all of them have arrived."""
        return {"exported": len(self.spans), "failed": 0, "dropped": 0}


@contextmanager
def noted() -> Iterator[Notebook]:
    """Have spans recorded in a notebook while the block runs."""
    notebook = Notebook()
    collect(notebook)
    try:
        yield notebook
    finally:
        collect(None)
