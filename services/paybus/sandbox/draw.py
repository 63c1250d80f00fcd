"""Chance that depends on the seed and the key alone, so the order of arrival changes nothing."""

from hashlib import blake2b
from statistics import NormalDist
from struct import unpack
from typing import Final

_STANDARD: Final = NormalDist()
_UNIT: Final = 2.0**-64


class Draw:
    """Four independent numbers in (0, 1) for one key."""

    __slots__ = ("fault", "share", "tail", "wait")

    def __init__(self, seed: int, *key: str) -> None:
        digest = blake2b("\0".join((str(seed), *key)).encode(), digest_size=32).digest()
        self.fault, self.tail, self.wait, self.share = (
            (number + 0.5) * _UNIT for number in unpack("<4Q", digest)
        )

    def normal(self) -> float:
        """Give a number of the standard normal distribution."""
        return _STANDARD.inv_cdf(min(self.wait, 1 - 1e-16))
