"""When nothing is under way any more."""

from dataclasses import replace

import pytest

from paybus.cli.traffic.stock import Stock

QUIET = Stock(effects=10, unread=0, open={}, open_kinds={}, outbox=0, waiting=0, unheard=0)


def test_effects_alone_are_quiet() -> None:
    """What is done is done."""
    assert QUIET.is_quiet


@pytest.mark.parametrize(
    "changed", [{"unread": 1}, {"open": {"unknown": 1}}, {"outbox": 1}, {"waiting": 1}, {"unheard": 1}]
)
def test_anything_under_way_is_waited_for(changed: dict[str, object]) -> None:
    """Records, operations, events, customers and callbacks."""
    assert not replace(QUIET, **changed).is_quiet
