"""The memory of a process over its life, and whether it stays what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
import os
from pathlib import Path
from statistics import linear_regression, median

WARM_UP = 1 / 6
"""Share of the time that is not looked at: pools, caches and lanes reach the size at which they work."""

FLAT_FACTOR, FLAT_MB = 1.05, 5.0
"""How much the last third's median may be above the middle third's.

Below it is what an allocator does with a busy process. Above it is a leak of some 300 bytes a command or
more: between the two medians lies a third of ten minutes, 33 000 commands at 200 a second, and a process has
some 100 MB.
"""

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process held in memory (RSS, MB) so many seconds after the beginning."""

    at_seconds: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Course:
    """Medians of the thirds (MB) after the warm-up, and the line through all of it (MB a minute)."""

    start: float
    middle: float
    end: float
    slope: float

    @property
    def is_flat(self) -> bool:
        """Whether the last third is about what the middle third is."""
        return self.end <= FLAT_FACTOR * self.middle + FLAT_MB


def rss_mb(pid: int) -> float:
    """Give the resident memory of a process in MB; raises FileNotFoundError when it has gone."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def course_of(samples: Sequence[Sample]) -> Course | None:
    """Give the course of one life; None when it was too short to have thirds."""
    warm = samples[int(len(samples) * WARM_UP) :]
    third = len(warm) // 3
    if not third:
        return None
    parts = warm[:third], warm[third:-third], warm[-third:]
    start, middle, end = (median(sample.rss_mb for sample in part) for part in parts)
    minutes = [sample.at_seconds / 60 for sample in warm]
    line = linear_regression(minutes, [sample.rss_mb for sample in warm])
    return Course(start, middle, end, line.slope)
