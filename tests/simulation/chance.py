"""Everything that is left to chance, from one seed: what may go wrong in this world, and how often."""

from dataclasses import dataclass, field
from random import Random

CALL_FAULTS = (
    "refused", "lost_before", "lost_after", "timeout", "unlisted", "trouble", "decline", "amount_error",
    "fail_and_charge", "hesitate", "hold", "hidden", "refund_late", "refund_fails_late",
)  # fmt: skip
CALLBACK_FAULTS = ("lost", "late", "duplicate", "forged", "wrong_amount", "out_of_order")


@dataclass
class Chance:
    """Draws for one world. Each world has its own mixture: some faults never, some often."""

    seed: int
    random: Random = field(init=False)
    calm: bool = False
    """The faults have stopped."""

    def __post_init__(self) -> None:
        self.random = draw = Random(self.seed)
        self.duplicate_detection = draw.random() < 0.25
        self.faulty_seconds = draw.uniform(15.0, 50.0)
        self.call_faults = self._mixture(CALL_FAULTS, most=0.15)
        self.query_trouble = draw.choice((0.0, 0.1, 0.4))
        self.callback_faults = self._mixture(CALLBACK_FAULTS, most=0.4)
        self.lose_statement = draw.choice((0.0, 0.002, 0.02))
        self.slow_statement = draw.choice((0.02, 0.2))
        self.strike = draw.choice((0.0, 0.0, 0.1, 0.3))  # at the process that has just sent something
        self.crashes = draw.choice((0, 1, 3, 6))
        self.freezes = draw.choice((0, 1, 3))
        self.outages = draw.choice((0, 1, 2))
        self.rebalances = draw.choice((0, 2, 5))
        self.stops = draw.choice((0, 0, 2))
        self.clock_moves = draw.choice((0, 0, 0, 1))

    def happens(self, probability: float) -> bool:
        """Say whether something goes wrong now."""
        return not self.calm and self.random.random() < probability

    def call_fault(self) -> str | None:
        """Say what goes wrong with a call, if anything does."""
        return None if self.calm else self._pick(self.call_faults)

    def callback_fault(self) -> str | None:
        """Say what goes wrong with a callback, if anything does."""
        return None if self.calm else self._pick(self.callback_faults)

    def seconds(self, shortest: float, longest: float) -> float:
        """Give a time in between, of whole milliseconds."""
        return round(self.random.uniform(shortest, longest), 3)

    def _mixture(self, faults: tuple[str, ...], *, most: float) -> dict[str, float]:
        chosen = [fault for fault in faults if self.random.random() < 0.4]
        return {fault: self.random.uniform(0.0, most) for fault in chosen}

    def _pick(self, mixture: dict[str, float]) -> str | None:
        drawn = self.random.random()
        for fault, probability in mixture.items():
            drawn -= probability
            if drawn < 0:
                return fault
        return None
