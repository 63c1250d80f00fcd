"""What cannot be done is answered with a reason; what nobody understands is kept, byte for byte."""

from typing import Any

from tests.e2e.judge import Event, published
from tests.e2e.system import System, barcode, cancel, refund

from paybus.trades.operation import Kind

JUNK: list[tuple[bytes | None, bytes | None]] = [
    (b"k", b"pay 158 yuan, please"),
    (b"\xff", b"\xff\xfe"),
    (b"k", None),
    (None, b"{}"),
    (b"k", b'{"merchant_id": "0010000001"}'),
]
HEADERS: list[tuple[str, bytes | None]] = [("x", None), ("y", b"\xff\xfe"), ("ce_id", b"1")]


def test_dead_letters_keep_every_byte(system: System) -> None:
    """On `<topic>.dlq` is what was on the topic: value, key and headers, and ours that say why."""
    system.start_sandbox()
    system.start("pay")
    topic = system.topics.commands(Kind.PAY)
    system.send_raw(topic, JUNK, headers=HEADERS, partition=2)
    system.send(Kind.PAY, [barcode(1)], partition=2)
    letters = system.records(f"{topic}.dlq", until=lambda seen: len(seen) == len(JUNK))
    by_offset = {dict(one.headers() or [])["kafka_dlt-original-offset"]: one for one in letters}
    for offset, (key, value) in enumerate(JUNK):
        letter = by_offset[str(offset).encode()]
        headers = letter.headers() or []
        assert (letter.key(), letter.value(), headers[: len(HEADERS)]) == (key, value, HEADERS)
        ours = dict(headers[len(HEADERS) :])
        assert ours["kafka_dlt-original-topic"] == topic.encode()
        assert ours["kafka_dlt-original-partition"] == b"2"
        assert ours["paybus-reason"]
        assert ours["kafka_dlt-exception-message"]
    system.await_answers(1)
    system.until(lambda: system.committed(Kind.PAY) == len(JUNK) + 1)
    assert system.effects("charge") == {"C00001": 1}


def test_what_cannot_be_done_is_answered_with_the_reason(system: System) -> None:
    """Each bad command is answered by `command.rejected`: a slug for programs, a sentence for people."""
    system.start_sandbox()
    for service in ("pay", "refund", "cancel"):
        system.start(service, pay_wait_seconds=1)
    system.start("notifier")
    pays, refunds, cancels = _bad_commands()
    system.send(Kind.PAY, [barcode(1, amount_fen=1000)])
    system.await_answers(1)
    system.send(Kind.PAY, pays.values())
    system.send(Kind.REFUND, refunds.values())
    system.send(Kind.CANCEL, cancels.values())
    wanted = len(pays) + len(refunds) + len(cancels)
    system.until(lambda: system.count("event WHERE ce_type = 'command.rejected'") == wanted)
    rejected = [event for event in published(system) if event.type == "command.rejected"]
    assert _reasons(rejected, "pay") == sorted(reason for reason, _ in pays)
    assert _reasons(rejected, "refund") == sorted(reason for reason, _ in refunds)
    assert _reasons(rejected, "cancel") == sorted(reason for reason, _ in cancels)
    for event in rejected:
        assert event.value["message"][0].isalpha()
        assert " " in event.value["message"]
        assert event.key == event.value["charge_code"]
    assert system.effects("charge") == {"C00001": 1}
    assert not system.effects("refund")


def _reasons(rejected: list[Event], kind: str) -> list[str]:
    return sorted(event.value["reason"] for event in rejected if event.value["kind"] == kind)


Bad = dict[tuple[str, str], dict[str, Any]]


def _bad_commands() -> tuple[Bad, Bad, Bad]:
    """Give what is wrong by its reason, and what is about it."""
    pays: Bad = {
        ("key_conflict", "another amount"): barcode(1, amount_fen=2000),
        ("key_conflict", "another customer"): {
            **barcode(1, amount_fen=1000),
            "auth_code": "280000000000000009",
        },
        ("merchant_unknown", ""): {**barcode(2), "merchant_id": "0010000009"},
        ("amount_invalid", "zero"): barcode(3, amount_fen=0),
        ("amount_invalid", "negative"): barcode(4, amount_fen=-5),
        ("amount_invalid", "fractional"): {**barcode(5), "amount_fen": 158.5},
        ("amount_invalid", "text"): {**barcode(6), "amount_fen": "158.00"},
        ("field_missing", "no code was scanned"): {**barcode(7), "auth_code": None},
        ("field_invalid", "method"): {**barcode(8), "method": "cash"},
        ("expired", ""): {**barcode(9), "expires_at": "2026-01-02T03:04:05Z"},
    }
    refunds: Bad = {
        ("amount_above_remainder", ""): refund("C00001", 1, 1001),
        ("trade_unknown", "no pay ever came"): refund("C99999", 2, 100),
        ("merchant_unknown", ""): {**refund("C00001", 3, 100), "merchant_id": "0010000009"},
        ("amount_invalid", "zero"): refund("C00001", 4, 0),
        ("amount_invalid", "fractional"): {**refund("C00001", 5, 100), "amount_fen": 0.5},
    }
    cancels: Bad = {
        ("trade_unknown", "no pay ever came"): cancel("C99998"),
        ("field_invalid", "method"): {**cancel("C00001"), "method": "quickly"},
        ("trade_declined", ""): cancel("C00009"),
    }
    return pays, refunds, cancels
