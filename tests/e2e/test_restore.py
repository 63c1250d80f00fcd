"""The ledger is lost and restored to a past moment: nothing that was done since is done a second time."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from tests.e2e.judge import MOVING
from tests.e2e.shop import PATIENT
from tests.e2e.system import System, barcode, cancel, refund

from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind

SERVICES = ("notifier", "pay", "refund", "cancel", "reconciler")
BACKUP = "backup"
PORTION = 30


def code(number: int) -> str:
    """Give the code of a pay."""
    return str(barcode(number)["charge_code"])


def start(system: System) -> None:
    """Start every service, for patient customers."""
    for service in SERVICES:
        system.start(service, **PATIENT)


def lose_everything(system: System) -> None:
    """Kill every service at once."""
    for service in SERVICES:
        system.kill(service)


def copy(server: EmbeddedPostgres, source: str, target: str) -> None:
    """Make database *target* what *source* is now; what *target* was is lost."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source]
        )
        connection.execute(sql.SQL("CREATE DATABASE {target} TEMPLATE {source}").format(**names))


def pays(first: int) -> list[dict[str, Any]]:
    """Ask for a portion of pays."""
    return [barcode(number, amount_fen=1000) for number in range(first, first + PORTION)]


def afterthoughts(system: System, first: int) -> None:
    """Ask for refunds and cancels of the pays from *first* on: ten are refunded twice, ten cancelled."""
    codes = [code(number) for number in range(first, first + 20)]
    refunds = [
        refund(one, 2 * number + half, 400) for number, one in enumerate(codes[:10], first) for half in (0, 1)
    ]
    system.send(Kind.REFUND, refunds)
    system.send(Kind.CANCEL, map(cancel, codes[10:]))


def before_the_moment(system: System) -> None:
    """Have some trades paid; then nothing can be sent, so that pays, refunds and cancels wait."""
    system.send(Kind.PAY, pays(0))
    system.await_answers(PORTION)
    lose_everything(system)
    system.lose_gateway()
    start(system)
    system.send(Kind.PAY, pays(PORTION))
    afterthoughts(system, 0)
    afterthoughts(system, 2 * PORTION)  # of pays that nobody has asked for yet
    system.until(lambda: system.count("operation WHERE state = 'waiting'") == PORTION + 60)


def after_the_moment(system: System) -> None:
    """Have all of it sent, and more; a part of that is under way when everything is lost."""
    system.find_gateway()
    start(system)
    system.send(Kind.PAY, pays(2 * PORTION))
    afterthoughts(system, PORTION)
    system.await_answers(3 * PORTION + 90)
    system.post("sandbox", "/admin/faults", {"latency_ms": 300})
    system.send(Kind.PAY, pays(3 * PORTION))
    system.until(lambda: system.effects("charge").total() > 3 * PORTION + 5)


def test_what_was_done_after_the_restored_moment_is_not_done_again(
    lone_system: System, postgres: EmbeddedPostgres
) -> None:
    """The gateway looks for no duplicates; each effect and each call is there once, and all is answered."""
    system, ledger = lone_system, urlsplit(lone_system.database_url).path.lstrip("/")
    system.start_sandbox()
    start(system)
    before_the_moment(system)
    lose_everything(system)
    copy(postgres, ledger, BACKUP)
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    after_the_moment(system)
    lose_everything(system)
    system.send(Kind.PAY, pays(4 * PORTION))  # which nobody has read
    copy(postgres, BACKUP, ledger)

    printed = system.command("ledger", "restored", "--since", since, "--hung-seconds", "2", "--yes")

    assert "pay waiting: 30, 30000 fen" in printed
    start(system)
    afterthoughts(system, 3 * PORTION)
    system.await_answers(5 * PORTION + 120)
    assert system.count("operation WHERE answered_at IS NULL") == 0
    system.until(lambda: system.count("outbox") == 0)
    assert_once_and_as_the_gateway_says(system)


def assert_once_and_as_the_gateway_says(system: System) -> None:
    """Hold the gateway's books against our ledger."""
    books = system.get("sandbox", "/admin/books")
    calls = Counter(
        (one["operation"], one["refund_number"] or one["charge_code"])
        for one in books["calls"]
        if one["operation"] in MOVING
    )
    assert not [call for call, times in calls.items() if times > 1]
    counts = {kind: system.effects(kind) for kind in ("charge", "refund", "revocation")}
    assert {kind: (len(those), those.total()) for kind, those in counts.items()} == {
        "charge": (5 * PORTION, 5 * PORTION), "refund": (80, 80), "revocation": (40, 40),
    }  # fmt: skip
    # Of a trade that was revoked meanwhile the gateway shows that alone, and not that it had been paid.
    ours = {
        row["charge_code"]: "revoked" if row["state"] == "revoked" else (row["paid_fen"], row["refunded_fen"])
        for row in system.query("SELECT * FROM trade WHERE reserved_fen = 0 AND NOT cancelling")
    }
    theirs = {
        one["charge_code"]: "revoked" if one["state"] == 2 else (one["paid_fen"], one["refunded_fen"])
        for one in books["orders"]
    }
    assert ours == theirs
