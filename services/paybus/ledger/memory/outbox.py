"""Events on their way out: the statements of ledger/outbox.py, with the locks of its connections."""

from collections.abc import Sequence
from typing import Any, Final

from paybus.ledger.memory.doubles import stands_for
from paybus.ledger.memory.tables import Tables
from paybus.ledger.outbox import _COUNT, _GIVE_UP, _PRESENT, _READ, _SAY, _TAKE

_COLUMNS: Final = ("ce_type", "charge_code", "occurred_at", "traceparent", "value")


@stands_for("SET synchronous_commit = off")
def hurry(_tables: Tables) -> int:
    """Do nothing: what is in memory is as durable as anything here."""
    return 0


@stands_for("SELECT pg_advisory_lock_shared($1, $2)")
def share(tables: Tables, _space: int, number: int) -> int:
    """Take a lock that all relays share."""
    tables.locks.add((tables.session, number))
    return 0


@stands_for(_COUNT)
def count(tables: Tables, _space: int, number: int) -> list[Any]:
    """Count those who share it."""
    return [(sum(1 for _, lock in tables.locks if lock == number),)]


@stands_for(_TAKE)
def take(tables: Tables, _space: int, shards: Sequence[int], most: int) -> list[Any]:
    """Lock shards that nobody else has."""
    others = {lock for session, lock in tables.locks if session != tables.session and lock != _PRESENT}
    free = [shard for shard in shards if shard not in others][:most]
    tables.locks.update((tables.session, shard) for shard in free)
    return [{"i": shard} for shard in free]


@stands_for(_GIVE_UP)
def give_up(tables: Tables, _space: int, shards: Sequence[int]) -> int:
    """Unlock shards."""
    tables.locks -= {(tables.session, shard) for shard in shards}
    return 0


@stands_for(_READ)
def read(tables: Tables, shards: Sequence[int], most: int) -> list[Any]:
    """Give the oldest events of these shards."""
    numbers = sorted(number for number, row in tables.outbox.items() if row["shard"] in shards)[:most]
    ids = [(number, tables.outbox[number]["ce_id"]) for number in numbers]
    return [(number, ce_id, *(tables.events[ce_id][name] for name in _COLUMNS)) for number, ce_id in ids]


@stands_for("DELETE FROM outbox WHERE outbox_id = ANY($1::bigint[])")
def delete(tables: Tables, outbox_ids: Sequence[int]) -> int:
    """Strike out what Kafka has."""
    there = [number for number in outbox_ids if number in tables.outbox]
    for number in there:
        tables.outbox.drop(number)
    return len(there)


@stands_for(_SAY)
def say(tables: Tables, shards: Sequence[int], asleep: bool) -> int:  # noqa: FBT001 -- as the statement has it
    """Say whether the relay of these shards sleeps."""
    for shard in shards:
        tables.relays.put(shard, {"asleep": asleep})
    return len(shards)
