"""The traffic of a run: the same for the same seed, and with everything in it that can go wrong."""

from collections import Counter

import msgspec

from paybus.cli.reconciliation.asked import Asked, read_asked
from paybus.cli.reconciliation.evidence import Sent
from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.traffic import REPEATED, make_traffic
from paybus.trades.operation import Kind

MERCHANTS = ("0010000001", "0010000002", "0010000003")


def asked_by(traffic: tuple[Message, ...]) -> Asked:
    """Read the traffic as the reconciliation does."""
    return read_asked(
        Sent(kind=message.kind, position=("topic", 0, number), value=message.value)
        for number, message in enumerate(traffic)
    )


def values_of(traffic: tuple[Message, ...], kind: Kind) -> list[dict[str, object]]:
    """Give the commands of one kind that are read as JSON objects."""
    values = (message.value or b"" for message in traffic if message.kind is kind)
    return [msgspec.json.decode(value) for value in values if value.startswith(b'{"')]


def test_a_seed_makes_the_same_traffic_again() -> None:
    """Byte for byte, in the same order; another seed makes another."""
    first = make_traffic(7, 300, MERCHANTS)
    assert make_traffic(7, 300, MERCHANTS) == first
    assert make_traffic(8, 300, MERCHANTS) != first


def test_a_run_asks_for_at_least_as_much_as_it_was_told() -> None:
    """Repeats and records that are no commands do not count."""
    traffic = make_traffic(1, 1000, MERCHANTS)
    assert len(asked_by(traffic).asks) >= 1000


def test_about_one_in_ten_commands_is_repeated() -> None:
    """At once, and once it is answered: both ways of coming again are there."""
    asks = asked_by(make_traffic(1, 1000, MERCHANTS)).asks
    repeats = sum(ask.times - 1 for ask in asks)
    assert 0.7 * REPEATED < repeats / len(asks) < 1.3 * REPEATED


def test_every_way_of_paying_and_giving_back_is_in_it() -> None:
    """Barcodes, QR codes and JSAPI; several refunds of one trade, and one above what remains; cancels."""
    traffic = make_traffic(1, 1000, MERCHANTS)
    methods = Counter(command["method"] for command in values_of(traffic, Kind.PAY) if "method" in command)
    assert set(methods) == {"barcode", "native", "jsapi"}
    cancels = Counter(command.get("method", "realtime") for command in values_of(traffic, Kind.CANCEL))
    assert set(cancels) == {"realtime", "application"}
    assert max(len(numbers) for numbers in _refunds(traffic).values()) >= 12
    assert any(_asked_fen(traffic, code) > amount for code, amount in _amounts(traffic).items())


def test_every_merchant_gets_his_share() -> None:
    """So that callbacks come in every form."""
    traffic = make_traffic(1, 1000, MERCHANTS)
    shares = Counter(message.merchant_id for message in traffic)
    assert min(shares.values()) > len(traffic) / 5


def test_what_nobody_should_send_is_in_it() -> None:
    """Records that are no commands, commands that are refused, and keys with another content."""
    traffic = make_traffic(1, 300, MERCHANTS)
    asked = asked_by(traffic)
    assert len(asked.unanswerable) == 14
    assert None in {record.value for record in asked.unanswerable}
    assert len([ask for ask in asked.asks if ask.fingerprint is None]) == 3
    contents = Counter((ask.merchant_id, ask.kind, ask.key) for ask in asked.asks)
    assert sorted(contents.values())[-6:] == [1, 2, 2, 2, 2, 2]
    assert any(message.headers for message in traffic)


def test_what_waits_for_a_trade_comes_after_its_pay() -> None:
    """A refund or cancel at once is behind its pay, so the pay is asked for first."""
    traffic = make_traffic(3, 300, MERCHANTS)
    seen = set()
    for message in traffic:
        if message.kind is Kind.PAY:
            seen.add(message.charge_code)
        elif message.when is When.AT_ONCE and "ODD" not in message.charge_code:
            assert message.charge_code in seen


def _refunds(traffic: tuple[Message, ...]) -> dict[object, set[object]]:
    refunds: dict[object, set[object]] = {}
    for command in values_of(traffic, Kind.REFUND):
        if "out_refund_no" in command:
            refunds.setdefault(command["charge_code"], set()).add(command["out_refund_no"])
    return refunds


def _amounts(traffic: tuple[Message, ...]) -> dict[object, int]:
    amounts: dict[object, int] = {}
    for command in values_of(traffic, Kind.PAY):
        if isinstance(amount := command.get("amount_fen"), int):
            amounts.setdefault(command["charge_code"], amount)
    return amounts


def _asked_fen(traffic: tuple[Message, ...], code: object) -> int:
    asked = {
        command["out_refund_no"]: int(str(command["amount_fen"]))
        for command in values_of(traffic, Kind.REFUND)
        if command.get("charge_code") == code and "out_refund_no" in command
    }
    return sum(asked.values())
