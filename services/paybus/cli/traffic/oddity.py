"""Records that nobody should send, and somebody always does."""

from collections.abc import Sequence

from paybus.cli.traffic.message import Message, When
from paybus.cli.traffic.script import barcode_pay
from paybus.contracts.command import MAX_COMMAND_BYTES, encode
from paybus.trades.operation import Kind

UNKNOWN_MERCHANT = "9999999999"


def unreadable(merchant_id: str, code: str) -> list[Message]:
    """Give records that can only become dead letters."""
    values: tuple[bytes | None, ...] = (
        b"{not json",
        b"\xff\xfe\x00",
        None,
        b"[]",
        b'{"merchant_id": "%s"}' % merchant_id.encode(),
        b'{"merchant_id": "", "charge_code": "A B"}',
        b" " * (MAX_COMMAND_BYTES + 1),
    )
    return [
        Message(kind=kind, merchant_id=merchant_id, charge_code=f"{code}{number}", value=value)
        for number, value in enumerate(values)
        for kind in (Kind.PAY, Kind.REFUND)
    ]


def unacceptable(merchant_id: str, code: str) -> list[Message]:
    """Give commands that are refused while they are read."""
    nothing = encode(barcode_pay(merchant_id, f"{code}0", 0))
    broken = encode(barcode_pay(merchant_id, f"{code}1", 100)).replace(
        b'"amount_fen":100', b'"amount_fen":1.5'
    )
    missing = encode(barcode_pay(merchant_id, f"{code}2", 100)).replace(b'"auth_code"', b'"other_code"')
    stranger = encode(barcode_pay(UNKNOWN_MERCHANT, f"{code}3", 100))
    return [
        Message(kind=Kind.PAY, merchant_id=merchant_id, charge_code=f"{code}{number}", value=value)
        for number, value in enumerate((nothing, broken, missing, stranger))
    ]


def conflicting(pays: Sequence[Message]) -> list[Message]:
    """Give commands that use the keys of *pays* for another content, when those are answered."""
    found = []
    for pay in pays:
        other = barcode_pay(pay.merchant_id, pay.charge_code, 77)
        found.append(Message.of(other, When.AT_LAST))
    return found


def with_bad_headers(message: Message) -> Message:
    """Give the same command under headers that cannot be read; they must not cost it."""
    headers = (("x-nothing", None), ("x-bytes", b"\xff\xfe"), ("traceparent", b"00-not-a-trace"))
    return Message(
        kind=message.kind,
        merchant_id=message.merchant_id,
        charge_code=message.charge_code,
        value=message.value,
        when=message.when,
        headers=headers,
    )
