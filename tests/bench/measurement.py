"""One contender's run in figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a contender did with its `commands`; `doubles` and `lost` are by the gateway's own books."""

    contender: str
    repeat: int
    commands: int
    answered: int
    seconds: float  # first command available -> last result on Kafka
    worker_cpu_seconds: float
    other_cpu_seconds: dict[str, float]
    doubles: int
    lost: int

    @property
    def rate(self) -> float:
        """Commands answered in a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def micros(self, cpu_seconds: float) -> float:
        """Processor microseconds for each command answered."""
        return cpu_seconds * 1e6 / self.answered if self.answered else 0.0


def judge(books: Counter[str], codes: Sequence[str]) -> tuple[int, int]:
    """Give (effects beyond the first of each code, codes without any effect)."""
    effects = [books[code] for code in codes]
    return sum(count - 1 for count in effects if count > 1), effects.count(0)
