"""What was asked for: the records of the command topics, repeats of the same content put together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from paybus.cli.reconciliation.books import Place
from paybus.cli.reconciliation.evidence import Sent
from paybus.contracts.command import decode, fingerprint, identify
from paybus.contracts.errors import InvalidCommandError, NotACommandError
from paybus.trades.operation import Kind


@dataclass(slots=True, kw_only=True)
class Ask:
    """One content under one key, however often it was sent.

    `fingerprint` is that of its meaning, None where it cannot be carried out. `marks` are all
    fingerprints under which it may be rejected: a command that is refused while it is read is known by
    its bytes, any other by its meaning.
    """

    merchant_id: str
    kind: Kind
    key: str
    charge_code: str
    fingerprint: bytes | None
    marks: set[bytes] = field(default_factory=set)
    times: int = 0

    @property
    def place(self) -> Place:
        """Which trade it is about."""
        return self.merchant_id, self.charge_code

    @property
    def rejections(self) -> list[str]:
        """The ids that its rejection may have."""
        base = f"{self.merchant_id}/{self.charge_code}/rejected/{self.kind}/{self.key}"
        return [f"{base}/{mark.hex()}" for mark in self.marks]


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that was asked for, and the records that ask for nothing anybody could answer."""

    asks: tuple[Ask, ...]
    unanswerable: tuple[Sent, ...]


def read_asked(sent: Iterable[Sent]) -> Asked:
    """Sort records into asks and what can only be dead letters."""
    asks: dict[tuple[str, Kind, str, bytes], Ask] = {}
    unanswerable: list[Sent] = []
    for record in sent:
        ask = ask_of(record)
        if ask is None:
            unanswerable.append(record)
            continue
        content = ask.fingerprint or min(ask.marks)
        known = asks.setdefault((ask.merchant_id, ask.kind, ask.key, content), ask)
        known.marks |= ask.marks
        known.times += 1
    return Asked(tuple(asks.values()), tuple(unanswerable))


def ask_of(record: Sent) -> Ask | None:
    """Read one record by itself; None if it asks for nothing anybody could answer."""
    try:
        identity = identify(record.value, record.kind)
    except NotACommandError:
        return None
    assert record.value is not None, "a record without a value has no identity"
    try:
        meaning: bytes | None = fingerprint(decode(record.value, record.kind))
    except InvalidCommandError:
        meaning = None
    of_bytes = blake2b(record.value, digest_size=16).digest()
    return Ask(
        merchant_id=identity.merchant_id,
        kind=record.kind,
        key=identity.key(record.kind),
        charge_code=identity.charge_code,
        fingerprint=meaning,
        marks={of_bytes, meaning} if meaning else {of_bytes},
    )
