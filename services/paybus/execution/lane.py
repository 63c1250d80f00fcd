"""One lane a trade: what concerns the same trade is done one after the other, the rest side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Place = tuple[str, str]
"""Merchant and charge code."""


class Lanes:
    """The lanes in use; a lane nobody waits for takes no memory."""

    def __init__(self) -> None:
        self._lanes: dict[Place, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, place: Place) -> AsyncIterator[None]:
        """Have the lane of *place* for oneself, first come first served."""
        lock, users = self._lanes.get(place, (None, 0))
        lock = lock or asyncio.Lock()
        self._lanes[place] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            self._leave(place, lock)

    def __len__(self) -> int:
        return len(self._lanes)

    def _leave(self, place: Place, lock: asyncio.Lock) -> None:
        users = self._lanes[place][1] - 1
        if users:
            self._lanes[place] = (lock, users)
        else:
            del self._lanes[place]
