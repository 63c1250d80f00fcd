"""What tests of the ledger have at hand: commands, what the gateway says, and workers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID, uuid4

from paybus.ledger.acceptance import accept
from paybus.ledger.accepted import Acceptance, Accepted
from paybus.ledger.callback import Delivery, receive
from paybus.ledger.claim import claim_due
from paybus.ledger.held import Held
from paybus.ledger.pool import Pool
from paybus.ledger.settlement import Decide, Settled, Settlement, Settlements
from paybus.ledger.worker import Lease, enroll, free_orphans
from paybus.trades.conclusion import conclude
from paybus.trades.money import Fen
from paybus.trades.notice import Receipt
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.start import Patience, start

MERCHANT = "0010000001"
AMOUNT = Fen(15800)
LEASE = Lease()
LAG_SECONDS = 30.0
ASKED_FOR_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTHING_SENT = Outcome(verdict=Verdict.NOT_EXECUTED, source=Source.REPLY)
_METHOD = {Kind.PAY: Method.BARCODE, Kind.REFUND: Method.REFUND, Kind.CANCEL: Method.REALTIME}
_FIRST_STATE = {Kind.PAY: OperationState.READY}  # a pay needs nobody's leave


def asks(
    kind: Kind, key: str = "C1", *, code: str = "C1", amount_fen: int = AMOUNT, meaning: str = ""
) -> Acceptance:
    """Ask for something; *meaning* makes it another command under the same key."""
    operation = Operation(
        merchant_id=MERCHANT,
        kind=kind,
        key=key,
        charge_code=key if kind is not Kind.REFUND else code,
        method=_METHOD[kind],
        amount_fen=Fen(0 if kind is Kind.CANCEL else amount_fen),
        state=_FIRST_STATE.get(kind, OperationState.WAITING),
    )
    text = f"{kind}/{operation.charge_code}/{key}/{amount_fen}/{meaning}".encode()
    return Acceptance(
        operation=operation,
        command=text,
        fingerprint=blake2b(text, digest_size=16).digest(),
        asked_for_at=ASKED_FOR_AT,
        traceparent="00-aa-bb-01",
        expires_at=None,
    )


def pay(key: str = "C1", **changed: Any) -> Acceptance:
    """Ask for a payment."""
    return asks(Kind.PAY, key, **changed)


def refund(key: str = "R1", **changed: Any) -> Acceptance:
    """Ask for a refund of the trade *code*."""
    return asks(Kind.REFUND, key, **changed)


def cancel(key: str = "C1") -> Acceptance:
    """Ask for a cancel."""
    return asks(Kind.CANCEL, key)


def said(verdict: Verdict = Verdict.EXECUTED, **changed: Any) -> Outcome:
    """Give what the gateway said to something that was sent."""
    fields: dict[str, Any] = {"return_code": "SUCCESS", "reply_code": "SUCCESS", "source": Source.REPLY}
    return Outcome(verdict=verdict, **fields | changed)


UNKNOWN = said(Verdict.UNKNOWN, return_code=None, reply_code=None, reason="no_answer")


def concluding(outcome: Outcome) -> Decide:
    """Decide by the domain's rules what *outcome* means."""

    def decide(operation: Operation, trade: Any) -> Any:
        return conclude(operation, trade, outcome)

    return decide


def starting(patience: Patience | None = None) -> Decide:
    """Decide by the domain's rules whether it may be sent."""
    return lambda operation, trade: start(operation, trade, patience or Patience())


def concluded(held: Held, outcome: Outcome | None = None) -> Settlement:
    """Settle what was sent."""
    outcome = outcome or said()
    return Settlement(held=held, outcome=outcome, decide=concluding(outcome), sent=True)


def started(held: Held, patience: Patience | None = None) -> Settlement:
    """Settle whether it may be sent."""
    return Settlement(held=held, outcome=NOTHING_SENT, decide=starting(patience))


@dataclass(frozen=True)
class Hand:
    """A worker, with everything it does to the ledger; another *pool* makes it another process."""

    pool: Pool
    worker_id: UUID
    kind: Kind

    async def accepts(self, *acceptances: Acceptance) -> Accepted:
        """Accept a batch."""
        return await accept(self.pool, self.worker_id, acceptances)

    async def holds(self, *acceptances: Acceptance) -> tuple[Held, ...]:
        """Accept a batch of new commands, and hold them."""
        return (await self.accepts(*acceptances)).held

    async def settles(self, *settlements: Settlement) -> list[Settled]:
        """Settle a batch without a failure."""
        results = await Settlements(self.pool, self.worker_id).write(settlements)
        failures = [result for result in results if isinstance(result, Exception)]
        assert not failures
        return [result for result in results if isinstance(result, Settled)]

    async def claims(self, most: int = 100) -> list[Held]:
        """Take what is due."""
        return await claim_due(self.pool, self.worker_id, self.kind, most=most)

    async def granted(self, *acceptances: Acceptance) -> list[Held]:
        """Accept commands and have leave to send them."""
        settled = await self.settles(*[started(held) for held in await self.holds(*acceptances)])
        return [one.held for one in settled if one.held]


async def hand(pool: Pool, kind: Kind = Kind.PAY) -> Hand:
    """Give a new worker of the service *kind*."""
    worker_id = uuid4()
    await enroll(pool, worker_id, kind.value)
    return Hand(pool, worker_id, kind)


async def paid(pool: Pool, *keys: str) -> None:
    """Have trades of AMOUNT paid, by a worker that is not seen again."""
    payer = await hand(pool, Kind.PAY)
    await payer.settles(*[concluded(held) for held in await payer.holds(*map(pay, keys or ("C1",)))])


def told(code: str = "C1", *, digest: bytes = b"1", state: int = 1, amount_fen: int = AMOUNT) -> Delivery:
    """Give a callback: paid, as a rule."""
    facts = Facts(gateway_state=state, amount_fen=Fen(amount_fen), down_code="D1", third_code="T1")
    return Delivery(merchant_id=MERCHANT, charge_code=code, digest=digest, facts=facts, body=b"<PAY_NODIFY/>")


async def hears(pool: Pool, *deliveries: Delivery) -> list[Receipt]:
    """Receive callbacks."""
    return await receive(pool, deliveries)


async def frees(pool: Pool, kind: Kind = Kind.PAY) -> int:
    """Free what the dead have left."""
    return await free_orphans(pool, kind.value, lease=LEASE, lag_seconds=LAG_SECONDS)


def states(settled: Sequence[Settled]) -> list[str]:
    """Give what became of settlements: their operations' states, or `lost`."""
    return ["lost" if one.conclusion is None else one.conclusion.state.value for one in settled]


def with_turn(held: Held, turn: int) -> Held:
    """Give *held* as somebody has it who took it in another turn."""
    return replace(held, turn=turn)
