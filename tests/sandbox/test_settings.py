"""From the environment to the gateway's conditions."""

from pathlib import Path

import pytest
from tests.sandbox.test_process import MERCHANT_FILE

from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings
from paybus.sandbox.settings import Settings, SettingsError, read_settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Give an environment with one merchant and nothing else."""
    (tmp_path / "0010000001.toml").write_text(MERCHANT_FILE)
    monkeypatch.setenv("PAYBUS_SANDBOX_MERCHANTS_DIRECTORY", str(tmp_path))
    return monkeypatch


def test_without_settings_nothing_goes_wrong(environment: pytest.MonkeyPatch) -> None:
    """The defaults are the protocol's; an empty variable is none."""
    environment.setenv("PAYBUS_SANDBOX_SEED", "")
    conditions = read_settings().conditions()
    assert conditions.faults == FaultSettings()
    assert (conditions.callback_rules.interval_seconds, conditions.callback_rules.repetitions) == (5, 30)
    assert conditions.habits.scan_expires_after_seconds == 80
    assert conditions.book_rules.duplicate_detection
    assert set(conditions.merchants) == {"0010000001"}


def test_every_setting_arrives(environment: pytest.MonkeyPatch) -> None:
    """Each variable is seen in the conditions under its own name."""
    values = {
        "SEED": "7", "DUPLICATE_DETECTION": "false", "MAX_ORDERS": "10", "LATENCY_MS": "50",
        "LATENCY_SPREAD": "0.5", "TAIL_RATE": "0.01", "TAIL_MS": "9000", "QUERY_LATENCY_MS": "5",
        "QUERY_LAG_SECONDS": "2", "MAGIC": "false", "DECLINE_RATE": "0.1", "LOST_ANSWER_RATE": "0.2",
        "DUPLICATE_CALLBACK_RATE": "0.3", "CUSTOMER_PAYS_AFTER_SECONDS": "1", "CUSTOMER_SPREAD": "0.4",
        "SCAN_EXPIRES_AFTER_SECONDS": "8", "ORDER_EXPIRES_AFTER_SECONDS": "9", "REVOCATION_SECONDS": "3",
        "CALLBACK_AFTER_SCAN": "true", "CALLBACK_INTERVAL_SECONDS": "0.1", "CALLBACK_REPETITIONS": "2",
        "CALLBACK_HOSTS": "notifier, other", "CALLBACKS_AT_ONCE": "4",
    }  # fmt: skip
    for name, value in values.items():
        environment.setenv(f"PAYBUS_SANDBOX_{name}", value)
    told = read_settings().conditions()
    assert (told.seed, told.revocation_seconds) == (7, 3)
    assert (told.book_rules.duplicate_detection, told.book_rules.max_orders) == (False, 10)
    assert told.faults == FaultSettings(
        latency_ms=50, latency_spread=0.5, tail_rate=0.01, tail_ms=9000, query_latency_ms=5,
        query_lag_seconds=2, magic=False,
        rates={Fault.DECLINE: 0.1, Fault.LOST_ANSWER: 0.2, Fault.CALLBACK_DUPLICATE: 0.3},
    )  # fmt: skip
    habits = told.habits
    assert (habits.pays_after_seconds, habits.spread, habits.callback_after_scan) == (1, 0.4, True)
    assert (habits.scan_expires_after_seconds, habits.order_expires_after_seconds) == (8, 9)
    rules = told.callback_rules
    assert (rules.interval_seconds, rules.repetitions, rules.most_at_once) == (0.1, 2, 4)
    assert rules.hosts == {"notifier", "other"}
    served = {"MERCHANTS_DIRECTORY", "HOST", "PORT", "PORT_FILE"}
    assert {name.upper() for name in Settings.model_fields} == values.keys() | served


def test_rates_that_do_not_fit_are_told(environment: pytest.MonkeyPatch) -> None:
    """More than all calls cannot go wrong."""
    environment.setenv("PAYBUS_SANDBOX_DECLINE_RATE", "0.6")
    environment.setenv("PAYBUS_SANDBOX_LOST_ANSWER_RATE", "0.6")
    with pytest.raises(SettingsError, match="more than 1 together"):
        read_settings().conditions()
