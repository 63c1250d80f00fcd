"""Which relay publishes a trade's events: a stable number from its charge code."""

from zlib import crc32

SHARDS = 16
"""More than the replicas of the notifier that anybody will need; each shard costs one advisory lock."""


def shard_of(charge_code: str) -> int:
    """Give 0 to SHARDS - 1; the same in every process and version."""
    return crc32(charge_code.encode()) % SHARDS
