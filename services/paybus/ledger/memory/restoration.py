"""A restored ledger is doubted: the statements of ledger/restoration.py."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from paybus.ledger.memory.doubles import stands_for
from paybus.ledger.memory.tables import FINAL, Row, Tables, latest
from paybus.ledger.restoration import _ALIVE, _ALONE, _BURY, _DOUBT, _DOUBT_RECORDS, _DOUBTS


@stands_for(_ALONE)
def alone(_tables: Tables) -> int:
    """Be alone: transactions run one after the other."""
    return 0


@stands_for(_ALIVE)
def alive(tables: Tables, lease_seconds: float) -> list[Row]:
    """Name the services whose workers have beaten a moment ago."""
    limit = tables.clock() - timedelta(seconds=lease_seconds)
    rows = [row for row in tables.workers.values() if row["dead_at"] is None and row["beat_at"] > limit]
    return [{"service": service} for service in sorted({row["service"] for row in rows})]


@stands_for(_BURY)
def bury(tables: Tables) -> int:
    """Declare everybody dead."""
    living = [number for number, row in tables.workers.items() if row["dead_at"] is None]
    for number in living:
        tables.workers.change(number, dead_at=tables.clock())
    return len(living)


@stands_for(_DOUBT)
def doubt(tables: Tables, hung_seconds: float) -> list[dict[str, Any]]:
    """Free and doubt what is open; count it by kind and state."""
    amounts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in [row for row in tables.operations.values() if row["state"] not in FINAL]:
        waits = row["state"] == "waiting"
        tables.operations.change(
            row["operation_id"],
            turn=row["turn"] + 1,
            owner=None,
            due_at=tables.now,
            asked=0,
            quiet_since=latest(row["quiet_since"], tables.later(hung_seconds)),
            doubted_at=tables.now if waits else None,
            reply_code=None if waits else row["reply_code"],
        )
        amounts[row["kind"], row["state"]].append(row["amount_fen"])
    return [
        {"kind": kind, "state": state, "count": len(found), "amount_fen": sum(found)}
        for (kind, state), found in sorted(amounts.items())
    ]


@stands_for(_DOUBT_RECORDS)
def doubt_records(
    tables: Tables,
    topics: Sequence[str],
    partitions: Sequence[int],
    offsets: Sequence[int],
    hung_seconds: float,
) -> int:
    """Keep up to where records are doubted."""
    for topic, partition, offset in zip(topics, partitions, offsets, strict=True):
        known = tables.doubts.get((topic, partition), {"until_offset": 0, "quiet_since": None})
        row = {
            "topic": topic,
            "partition": partition,
            "until_offset": max(known["until_offset"], offset),
            "quiet_since": latest(known["quiet_since"], tables.later(hung_seconds)),
        }
        tables.doubts.put((topic, partition), row)
    return len(topics)


@stands_for(_DOUBTS)
def doubts(tables: Tables, topic: str) -> list[Row]:
    """Give up to where the records of a topic are doubted."""
    return [row for row in tables.doubts.values() if row["topic"] == topic]
