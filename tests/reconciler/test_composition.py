"""How the reconciler is put together, where that decides something."""

from pathlib import Path

from pydantic import SecretStr
import pytest

from paybus.reconciler.composition import lease_seconds
from paybus.reconciler.inquirer import TURN_SECONDS
from paybus.reconciler.settings import ReconcilerSettings


@pytest.mark.parametrize(("connect_seconds", "other_seconds"), [(0.5, 3.0), (3.0, 15.0), (30.0, 300.0)])
def test_nobody_else_asks_while_an_inquiry_may_still_be_answered(
    connect_seconds: float, other_seconds: float
) -> None:
    """A trade stays in hand for longer than its merchant's turn, a connection and an answer may take."""
    settings = ReconcilerSettings(
        database_url=SecretStr("postgresql://127.0.0.1/paybus"),
        kafka_bootstrap="127.0.0.1:9092",
        merchants_directory=Path(),
        gateway_connect_seconds=connect_seconds,
        gateway_other_seconds=other_seconds,
    )
    longest = TURN_SECONDS + 2 * connect_seconds + other_seconds
    assert longest < lease_seconds(settings) < longest + 10
