"""A process's way to the ledger: slow at times, lost at times, before the statement or after it."""

import asyncio

from tests.simulation.chance import Chance


class LedgerWeather:
    """Whether the ledger can be reached by anybody."""

    def __init__(self) -> None:
        self.away = False


class SimulatedWire:
    """The way of one process. A lost answer leaves its sender without knowing what was written."""

    def __init__(self, chance: Chance, weather: LedgerWeather) -> None:
        self._chance = chance
        self._weather = weather

    async def there(self, statement: str) -> None:
        """Arrive, or be lost: then nothing is written."""
        await self._travel()

    async def back(self, statement: str) -> None:
        """Come back, or be lost: then it is written, and nobody knows."""
        await self._travel()

    async def _travel(self) -> None:
        chance = self._chance
        if chance.calm:
            return
        if chance.happens(chance.slow_statement):
            await asyncio.sleep(chance.seconds(0.001, 1.0))
        if self._weather.away:
            await asyncio.sleep(0.2)
            raise ConnectionResetError("the ledger is away")
        if chance.happens(chance.lose_statement):
            raise ConnectionResetError("the connection broke")
