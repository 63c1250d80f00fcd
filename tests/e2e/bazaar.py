"""A day at three shops with everything in it that nobody may read anywhere else."""

import json
from typing import Any
from urllib.error import HTTPError
import urllib.request

import pytest
from tests.e2e.secrecy import with_check_digit
from tests.e2e.system import KEY, MERCHANT, System, cancel, refund
from tests.e2e.tap import Tap

from paybus.trades.operation import Kind

PAYS, ORDERS = 12, 4
"""Of each merchant."""

KEYS = {
    MERCHANT: KEY,
    "0010000002": "k3y'of/the&second=shop0123456789",
    "0010000003": "OTHERKEY0123456789ABCDEFGHIJKLMN",
}
OWN = {
    MERCHANT: "",
    "0010000002": "encrypt = true\n",
    "0010000003": 'encrypt = true\nrequest_format = "xml"\nreply_format = "xml"\n',
}
RATES = {
    "lost_answer": 0.1, "error_after": 0.1, "garbage": 0.1, "unknown_code": 0.1, "html": 0.1, "decline": 0.1,
    "callback_forged": 0.2, "callback_duplicate": 0.2, "callback_wrong_amount": 0.2,
}  # fmt: skip
CARD = with_check_digit("411111111111111")
FORGED_SIGN = "0123456789abcdef0123456789abcdef"
UNUSABLE_KEY = "KEY-IN-A-FILE-THAT-IS-REFUSED"
SERVICES = ("pay", "refund", "cancel", "notifier", "reconciler", "exporter")
LOUD = {"log_level": "debug", "breaker_longest_seconds": 0.5}


def open_shops(system: System, tap: Tap) -> None:
    """Start everything, with each fault now and then, and the gateway behind the tap."""
    _write_merchants(system, tap)
    system.start_sandbox(seed=7, customer_pays_after_seconds=0.2, callback_interval_seconds=0.5)
    _write_merchants(system, tap)  # the system has written the first one anew
    system.post("sandbox", "/admin/faults", {"rates": RATES})
    system.start("notifier", **LOUD)
    for name in SERVICES:
        if name != "notifier":
            system.start(name, notify_base_url=tap.address, watch_first_seconds=0.3, **LOUD)


def _write_merchants(system: System, tap: Tap) -> None:
    for merchant_id, key in KEYS.items():
        text = (
            f'key = {json.dumps(key)}\nbase_url = "{tap.address}/openGateway/openService/"\n'
            f'oper_id = "oper01"\ndev_id = "dev01"\n{OWN[merchant_id]}'
        )
        (system.merchants / f"{merchant_id}.toml").write_text(text)


def pays() -> list[dict[str, Any]]:
    """Make pays whose scanned codes could be cards' numbers, as the one in their subject is."""
    return [
        {
            "merchant_id": merchant_id, "charge_code": f"{letter}{number:05}", "method": "barcode",
            "amount_fen": 100 + number, "subject": f"Tea on {CARD}",
            "auth_code": with_check_digit(f"28{ord(letter)}{number:012}"),
        }
        for letter, merchant_id in zip("ABC", KEYS, strict=True)
        for number in range(PAYS)
    ]  # fmt: skip


def orders() -> list[dict[str, Any]]:
    """Make orders, to be paid by their customers and told by callbacks."""
    return [
        {
            "merchant_id": merchant_id, "charge_code": f"{letter}{number:05}", "method": "native",
            "channel_type": 1, "amount_fen": 100 + number, "subject": f"Tea on {CARD}",
        }
        for letter, merchant_id in zip("KLM", KEYS, strict=True)
        for number in range(ORDERS)
    ]  # fmt: skip


def trade(system: System, tap: Tap) -> None:
    """Have everything done that can be done, and some of what cannot."""
    (system.merchants / "0010000004.toml").write_text(f'key = "{UNUSABLE_KEY}"\nbase_url = "{CARD}"\n')
    system.send(Kind.PAY, [*pays(), *orders()])
    system.process("pay").await_log("merchant.file_refused")
    number = PAYS * len(KEYS) + ORDERS * len(KEYS)
    system.await_answers(number)
    backs = [{**refund(one["charge_code"], place, 50), "merchant_id": one["merchant_id"]}
             for place, one in enumerate(pays()[::3])]  # fmt: skip
    offs = [{**cancel(one["charge_code"]), "merchant_id": one["merchant_id"]} for one in pays()[1::3]]
    system.send(Kind.REFUND, backs)
    system.send(Kind.CANCEL, offs)
    _misbehave(system, tap)
    system.await_answers(number + len(backs) + len(offs))
    system.until(lambda: system.count("callback") >= ORDERS)
    system.until(lambda: system.count("outbox") == 0)


def _misbehave(system: System, tap: Tap) -> None:
    """Cut all connections to the ledger; send what is refused or buried, and a callback nobody signed."""
    system.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    pay = pays()[0]
    topic = system.topics.commands(Kind.PAY)
    records = [
        (b"k", json.dumps({**pay, "charge_code": "X1", "amount_fen": 0}).encode()),
        (b"k", json.dumps({**pay, "subject": "another"}).encode()),
        (b"k", f"no JSON, but {CARD} and {pay['auth_code']}".encode()),
    ]
    system.send_raw(topic, records, headers=[("x-card", CARD.encode())])
    query = f"?_type=json&sign={FORGED_SIGN}:1767323045000&card={CARD}"
    for path in (MERCHANT, "0010000009"):
        with pytest.raises(HTTPError):
            urllib.request.urlopen(f"{tap.address}/callbacks/{path}{query}", CARD.encode(), timeout=30)
    system.process("pay").await_log("intake.dead_letter")
