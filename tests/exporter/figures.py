"""The exporter in this process, and what it answers over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import time
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from paybus.exporter.composition import start
from paybus.exporter.settings import ExporterSettings
from paybus.runtime.service import Service

PATIENCE_SECONDS = 60.0
EVERY_SECONDS = 0.1
READ_AT = (
    ("paybus_ledger_read_timestamp_seconds", {}),
    ("paybus_broker_read_timestamp_seconds", {"subject": "records"}),
    ("paybus_broker_read_timestamp_seconds", {"subject": "lag"}),
)


class Figures:
    """One scrape: values by the name of the sample and its labels; of all groups where none is asked for."""

    def __init__(self, text: str) -> None:
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        self.whole: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for (name, labels), value in self.samples.items():
            place = name, frozenset(pair for pair in labels if pair[0] != "merchant_group")
            self.whole[place] = self.whole.get(place, 0) + value

    def __call__(self, name: str, **labels: str) -> float:
        """Give the value of one series; KeyError if it is not there."""
        samples = self.samples if "merchant_group" in labels else self.whole
        return samples[name, frozenset(labels.items())]

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """Give the values of all series of *name* that are not 0, by the values of their labels, sorted."""
        return {
            tuple(value for _, value in sorted(labels)): figure
            for (found, labels), figure in self.whole.items()
            if found == name and figure
        }

    def read_at(self) -> list[float]:
        """Give when each source was last read."""
        return [self(name, **labels) for name, labels in READ_AT]


@dataclass(frozen=True)
class Page:
    """The pages of one running exporter."""

    client: httpx.AsyncClient
    service: Service

    async def scrape(self) -> Figures:
        """Read `/metrics` once."""
        answer = await self.client.get("/metrics")
        assert answer.status_code == 200
        return Figures(answer.text)

    async def until(self, wanted: Callable[[Figures], Any]) -> Figures:
        """Scrape until *wanted* is true of the figures."""
        figures = await self.scrape()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not wanted(figures):
                    await asyncio.sleep(EVERY_SECONDS / 4)
                    figures = await self.scrape()
        except TimeoutError as error:
            shown = {
                key: value for key, value in figures.samples.items() if value and "_bucket" not in key[0]
            }
            raise AssertionError(f"not in time; there is {shown}") from error
        return figures

    async def after_another_look(self) -> Figures:
        """Scrape when every source has been read from beginning to end since now."""
        asked_at = time.time()
        first = await self.until(lambda figures: all(at > asked_at for at in figures.read_at()))
        return await self.until(
            lambda figures: all(
                at > before for at, before in zip(figures.read_at(), first.read_at(), strict=True)
            )
        )

    async def until_ready(self) -> None:
        """Return when `/ready` is 200."""
        answer = await self.client.get("/ready")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while answer.status_code != 200:
                    await asyncio.sleep(EVERY_SECONDS / 4)
                    answer = await self.client.get("/ready")
        except TimeoutError as error:
            raise AssertionError(f"not ready in time: {answer.text}") from error


@asynccontextmanager
async def exporting(
    settings: ExporterSettings, *, ready: bool = True, every_seconds: float = EVERY_SECONDS
) -> AsyncIterator[Page]:
    """Run the exporter while the block runs; it must have lived until it was stopped."""
    service = Service(grace_seconds=5)
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def main(service: Service) -> None:
        listening.set_result(await start(service, settings, every_seconds=every_seconds))
        await service.until_stopped()

    life = asyncio.create_task(service.live(main))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            url = f"http://127.0.0.1:{await listening}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            page = Page(client, service)
            if ready:
                await page.until_ready()
            yield page
    finally:
        service.stop()
        await life
    assert service.dead == {}
