"""A trade's timeline leads to the traces of its commands."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.telemetry.notebook import SAMPLED, TRACE

from paybus.cli.timeline import _asked
from paybus.ledger.book import Timeline

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def accepted(traceparent: str | None) -> Timeline:
    """Give a trade with one operation, which came with that trace."""
    operation: dict[str, Any] = {
        "kind": "pay", "key": "C1", "method": "barcode", "amount_fen": 100, "return_code": None,
        "reason": None, "accepted_at": AT, "answered_at": None, "due_at": None, "traceparent": traceparent,
    }  # fmt: skip
    return Timeline({}, [operation], [], [])


@pytest.mark.parametrize(("traceparent", "end"), [(SAMPLED, f"trace {TRACE}"), (None, "fen")])
def test_a_command_shows_its_trace(traceparent: str | None, end: str) -> None:
    """Whoever looks at a trade finds what to look for in the traces, if there is a trace."""
    ((at, what, more),) = _asked(accepted(traceparent))
    assert (at, what) == (AT, "accepted")
    assert more.endswith(end)
