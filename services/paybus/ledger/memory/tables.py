"""The ledger's tables: rows are values; a change puts a new row in the place of the old one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
import re
from typing import Any, Final, Self

import asyncpg

from paybus.ledger.shard import SHARDS

Row = Mapping[str, Any]
FINAL: Final = ("done", "rejected")


def wall_clock() -> datetime:
    """Give the time of day."""
    return datetime.now(UTC)


def latest(*moments: datetime | None) -> datetime | None:
    """Give the latest of those that there are, as PostgreSQL's greatest() does."""
    return max((moment for moment in moments if moment is not None), default=None)


class Table(dict[Any, Row]):
    """One table by its primary key; what is changed can be taken back."""

    def __init__(self, undo: list[Callable[[], object]], check: Callable[[Row], bool] | None = None) -> None:
        super().__init__()
        self._undo = undo
        self._check = check

    def put(self, key: Any, row: Row) -> Row:
        """Insert or replace a row; raises asyncpg.CheckViolationError."""
        if self._check is not None and not self._check(row):
            raise asyncpg.CheckViolationError(f"a row breaks the rules of its table: {dict(row)}")
        self._remember(key)
        self[key] = row
        return row

    def change(self, key: Any, /, **values: Any) -> Row:
        """Replace some columns of a row; raises asyncpg.CheckViolationError."""
        return self.put(key, {**self[key], **values})

    def drop(self, key: Any) -> None:
        """Delete a row."""
        self._remember(key)
        del self[key]

    def _remember(self, key: Any) -> None:
        if key in self:
            before = self[key]
            self._undo.append(lambda: self.__setitem__(key, before))
        else:
            self._undo.append(lambda: self.pop(key, None))


class Tables:
    """All of them. `now` is the time at which the transaction under way began."""

    def __init__(self, clock: Callable[[], datetime] = wall_clock) -> None:
        self.clock = clock
        self.now = clock()
        self.undo: list[Callable[[], object]] = []
        self.trades = Table(self.undo, _is_a_trade)
        self.operations = Table(self.undo, _is_an_operation)
        self.events = Table(self.undo)
        self.outbox = Table(self.undo)
        self.workers = Table(self.undo)
        self.callbacks = Table(self.undo)
        self.watches = Table(self.undo)
        self.progress = Table(self.undo)
        self.relays = Table(self.undo)
        self.doubts = Table(self.undo)
        self.numbers: dict[tuple[str, str, str], int] = {}
        """From merchant, kind and key to the operation's id; entries that were taken back do no harm."""
        self.sequence = 0
        self.listeners: list[tuple[object, Callable[..., object]]] = []
        """Who is to hear of new events, by connection."""
        self.session: object = None
        """The connection whose statement runs."""
        self.locks: set[tuple[object, int]] = set()
        """Advisory locks: by which connection, and their number."""
        for shard in range(SHARDS):
            self.relays.put(shard, {"asleep": False})
        self.progress.put(0, {"answered_at": datetime.min.replace(tzinfo=UTC), "operation_id": 0})
        self.undo.clear()

    def next(self) -> int:
        """Give a number that was never given; one that is not used leaves a gap."""
        self.sequence += 1
        return self.sequence

    def operation(self, merchant_id: str, kind: str, key: str) -> Row | None:
        """Find an operation by what it is."""
        return self.operations.get(self.numbers.get((merchant_id, kind, key)))

    def later(self, seconds: float) -> datetime:
        """Give the time *seconds* after the beginning of the transaction."""
        return self.now + timedelta(seconds=seconds)

    def take_back(self) -> None:
        """Undo everything since the transaction began."""
        while self.undo:
            self.undo.pop()()

    def notify(self) -> None:
        """Wake the relays, if one of them says that it sleeps."""
        if any(row["asleep"] for row in self.relays.values()):
            for _, listener in self.listeners:
                listener()


class Columns:
    """The arrays of a statement as rows. Names and order are read from the statement itself."""

    def __init__(self, names: Sequence[str], *, numbered: bool = False) -> None:
        self._names = names
        self._numbered = numbered
        self.width = len(names) - numbered
        """How many arrays there are; a number that PostgreSQL gives (WITH ORDINALITY) has none."""

    def __call__(self, arrays: Sequence[Iterable[Any]]) -> Iterator[dict[str, Any]]:
        """Give a row for each place in the arrays."""
        numbers = [count(1)] if self._numbered else []
        parts = zip(*arrays, *numbers, strict=not self._numbered)
        return (dict(zip(self._names, values, strict=True)) for values in parts)

    @classmethod
    def of(cls, statement: str, alias: str) -> Self:
        """Read the names behind `AS alias (`."""
        found = re.search(rf"(WITH ORDINALITY\s+)?AS {alias}\s*\(([^)]*)\)", statement)
        assert found is not None, f"no columns {alias} in {statement}"
        return cls(re.findall(r"\w+", found[2]), numbered=found[1] is not None)


def _is_a_trade(row: Row) -> bool:
    amounts = row["paid_fen"], row["refunded_fen"], row["reserved_fen"]
    return (
        row["amount_fen"] > 0
        and min(amounts) >= 0
        and row["paid_fen"] in (0, row["amount_fen"])
        and row["refunded_fen"] + row["reserved_fen"] <= row["paid_fen"]
    )


def _is_an_operation(row: Row) -> bool:
    if row["state"] in FINAL:
        return row["owner"] is None and row["due_at"] is None
    return (row["owner"] is None) != (row["due_at"] is None)
