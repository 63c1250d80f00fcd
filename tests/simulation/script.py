"""What is asked for in one world: a few trades with their pays, refunds and cancels, repeats and nonsense."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from tests.simulation.chance import Chance

from paybus.trades.operation import Kind

MERCHANT = "0010000001"
AMOUNT_FEN = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A record that is sent at a time."""

    at: float
    kind: Kind
    key: bytes
    value: bytes | None


def write_script(chance: Chance) -> list[Line]:
    """Draw what is asked for, in the order of time."""
    lines = [line for number in range(chance.random.choice((1, 2, 3))) for line in _trade(chance, number)]
    if chance.random.random() < 0.1:
        lines.append(Line(1.0, Kind.PAY, b"x", chance.random.choice((b"{", None, b"[]"))))
    lines += [_again(chance, line) for line in lines if chance.random.random() < 0.15]
    return sorted(lines, key=lambda line: line.at)


def _trade(chance: Chance, number: int) -> Iterator[Line]:
    draw, code = chance.random, f"C{number}"
    begin = chance.seconds(0.0, chance.faulty_seconds * 0.4)
    method = draw.choice(("barcode", "barcode", "native"))
    more = {"auth_code": "280000000000000001"} if method == "barcode" else {"channel_type": 1}
    pay = {"method": method, "amount_fen": AMOUNT_FEN, "subject": "Tea", **more}
    yield _line(begin, Kind.PAY, code, pay)
    if draw.random() < 0.05:
        yield _line(begin + 1.0, Kind.PAY, code, {**pay, "amount_fen": AMOUNT_FEN + 1})
    for refund in range(draw.choice((0, 0, 1, 2, 4))):
        amount = draw.choice((300, 500, AMOUNT_FEN))
        fields = {"out_refund_no": f"{code}-R{refund}", "amount_fen": amount, "subject": "Cold"}
        yield _line(begin + chance.seconds(-2.0, 20.0), Kind.REFUND, code, fields)
    if draw.random() < 0.4:
        fields = {"method": draw.choice(("realtime", "realtime", "application"))}
        yield _line(begin + chance.seconds(-2.0, 20.0), Kind.CANCEL, code, fields)


def _line(at: float, kind: Kind, code: str, fields: dict[str, object]) -> Line:
    command = {"merchant_id": MERCHANT, "charge_code": code, **fields}
    return Line(max(0.0, at), kind, code.encode(), msgspec.json.encode(command))


def _again(chance: Chance, line: Line) -> Line:
    return Line(line.at + chance.seconds(0.0, 20.0), line.kind, line.key, line.value)
