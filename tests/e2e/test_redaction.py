"""A whole run, with every fault, 3DES, traces and the log at its loudest: no secret is in what it tells."""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import subprocess
import sys
import urllib.request

import pytest
from tests.e2e.bazaar import CARD, FORGED_SIGN, KEYS, PAYS, SERVICES, UNUSABLE_KEY, open_shops, pays, trade
from tests.e2e.embedded import embedded
from tests.e2e.secrecy import cards, leaks
from tests.e2e.system import MERCHANT, System
from tests.e2e.tap import Tap, tapped
from tests.otlp import Collector, collecting

DATABASE_PASSWORD, LOGIN_PASSWORD, TOKEN = "s3same-of-the-ledger", "0pen-the-till", "t0ken-of-the-collector"
FORMS = ("text/plain", "application/openmetrics-text")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Have the spans of every service sent here, with a token."""
    with collecting() as made:
        variables = {**made.variables, "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}"}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def guarded_system(database_url: str, tmp_path: Path) -> Iterator[System]:
    """Give a system whose ledger has a password (which this PostgreSQL does not ask for)."""
    url = database_url.replace("postgres@", f"postgres:{DATABASE_PASSWORD}@")
    assert DATABASE_PASSWORD in url
    with embedded(tmp_path, url) as made:
        yield made


@pytest.fixture
def tap(guarded_system: System) -> Iterator[Tap]:
    """Listen between the services and the gateway."""
    system = guarded_system
    with tapped(gateway=lambda: system.port("sandbox"), notifier=lambda: system.port("notifier")) as made:
        yield made


def test_no_secret_is_told(guarded_system: System, tap: Tap, collector: Collector, tmp_path: Path) -> None:
    """Logs, metrics, spans and the audit trail hold no key, sign, password, scanned code or card number.

    The values themselves are looked for, also as they stand in an address or in JSON; and each of them is
    found where it belongs, so the search can see it.
    """
    system = guarded_system
    open_shops(system, tap)
    secrets: dict[str, set[str]] = {
        "a merchant's key": {*KEYS.values(), UNUSABLE_KEY},
        "a scanned code": {one["auth_code"] for one in pays()},
        "a password": {DATABASE_PASSWORD, LOGIN_PASSWORD, TOKEN},
    }
    told = {"the login": _log_in(system)}
    trade(system, tap)
    told |= {
        f"/metrics of {name} as {form}": _metrics(system, name, form) for name in SERVICES for form in FORMS
    }
    told |= {"the calls topic": _calls(system)}
    assert set(system.stop().values()) == {0}
    told |= {f"the log of {path.stem}": path.read_text() for path in tmp_path.glob("*.log")}
    told |= {"the spans": "\n".join(text for span in collector.spans for text in span.texts)}
    secrets |= {"a sign": {*tap.signs, FORGED_SIGN}}
    _report(secrets, told)
    assert leaks(secrets, told) == []
    _assert_seen(secrets, tap, system)
    _assert_much_was_told(told, collector)


def _log_in(system: System) -> str:
    """Log in at the till; give everything the command wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "paybus.cli", "login", "till01", "--password-stdin", "--merchant", MERCHANT],
        input=f"{LOGIN_PASSWORD}\n",
        env={**os.environ, "PAYBUS_MERCHANTS_DIRECTORY": str(system.merchants), "PAYBUS_LOG_LEVEL": "debug"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _metrics(system: System, name: str, form: str) -> str:
    request = urllib.request.Request(f"{system.address(name)}/metrics", headers={"Accept": form})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def _calls(system: System) -> str:
    records = system.records(system.topics.gateway_calls, until=lambda seen: len(seen) >= PAYS * len(KEYS))
    values = [{**json.loads(one.value() or b""), "at_ms": None} for one in records]  # 13 digits, and a time
    return "\n".join(
        f"{one.key()!r} {value} {one.headers()!r}" for one, value in zip(records, values, strict=True)
    )


def _report(secrets: dict[str, set[str]], told: dict[str, str]) -> None:
    """Print what was looked for and where, for whoever doubts it."""
    for kind, values in secrets.items():
        print(f"{len(values):6} values: {kind}")
    for where, text in told.items():
        print(f"{len(text):8} characters: {where}")


def _assert_seen(secrets: dict[str, set[str]], tap: Tap, system: System) -> None:
    """Hold the search against texts in which every kind of secret is: it finds each of them."""
    wire, files = (
        "\n".join(tap.texts),
        "\n".join(path.read_text() for path in system.merchants.glob("*.toml")),
    )
    places = {
        "a merchant's key": files,
        "a scanned code": json.dumps(pays()),
        "a password": f"{wire}{system.database_url} {TOKEN}",
        "a sign": wire,
    }
    assert places.keys() == secrets.keys()
    for kind, values in secrets.items():
        missed = [value for value in values if not leaks({kind: [value]}, {"it": places[kind]})]
        assert not missed, kind
    assert CARD in set(cards(json.dumps(pays())))
    counts = {kind: len(values) for kind, values in secrets.items()}
    assert counts["a sign"] > 2 * PAYS * len(KEYS)
    assert counts["a scanned code"] == PAYS * len(KEYS)


def _assert_much_was_told(told: dict[str, str], collector: Collector) -> None:
    """Nothing is hidden by saying nothing: services logged, counted and traced."""
    assert {span.name for span in collector.spans} >= {
        "accept pay",
        "attempt pay",
        "settle refund",
        "callback",
    }
    assert {span.service for span in collector.spans} >= {f"paybus-{name}" for name in SERVICES[:4]}
    for name in SERVICES:
        assert "service.stopped" in told[f"the log of {name}"]
        assert f'service="{name}"' in told[f"/metrics of {name} as text/plain"]
    assert "callback.refused" in told["the log of notifier"]
