"""A quiet half minute, an outage of the gateway, and what comes after it, seen by a real Prometheus."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
import tempfile
import time

import httpx
from tests.monitoring.load import Load
from tests.monitoring.prometheus import Prometheus
from tests.otlp import collecting

from paybus.cli.embedded.conditions import Conditions
from paybus.cli.embedded.system import EmbeddedSystem
from paybus.cli.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """How long each takes, in seconds: all is well; 503 to everything; connections are reset; all is well."""

    quiet: float
    silent: float
    dead: float
    after: float


LONG = Acts(quiet=50, silent=13, dead=17, after=30)
"""For pictures: lines that can be read."""
SHORT = Acts(quiet=10, silent=6, dead=6, after=14)
"""For tests: everything has happened once."""

_FAULTS = {
    "latency_ms": 40,
    "latency_spread": 0.5,
    "tail_rate": 0.03,
    "tail_ms": 900,
    "query_latency_ms": 20,
    "rates": {
        "decline": 0.05,
        "lost_answer": 0.004,
        "unknown_code": 0.002,
        "callback_duplicate": 0.05,
        "callback_forged": 0.01,
        "callback_out_of_order": 0.02,
        "callback_lost": 0.02,
    },
}
_SANDBOX = {"CUSTOMER_PAYS_AFTER_SECONDS": "1", "CUSTOMER_SPREAD": "0.5", "REVOCATION_SECONDS": "0.5"}
_SERVICES = {
    "PAYBUS_QUERY_LAG_SECONDS": "1",
    "PAYBUS_WATCH_FIRST_SECONDS": "3",
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.05",
}

SILENT: dict[tuple[str, str], str] = {}
"""Panels without data in the scene, by dashboard and title, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was played, in Unix time; Prometheus still answers for it."""

    prometheus: Prometheus
    begun: float
    outage_ended: float
    ended: float


@contextmanager
def played(program: str, acts: Acts) -> Iterator[Scene]:
    """Play it before the Prometheus at *program*; the system has ended when the block runs."""
    with ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="paybus-scene-")))
        folder.chmod(0o755)  # PostgreSQL runs as another account
        with collecting() as collector:
            services = _SERVICES | collector.variables
            conditions = Conditions(sandbox=_SANDBOX, faults=_FAULTS, services=services)
            with EmbeddedSystem(Place(folder / "system"), conditions) as system:
                targets = {one: at for one, at in system.addresses.items() if one != "sandbox"}
                prometheus = kept.enter_context(Prometheus(program, folder, targets))
                scene = asyncio.run(_play(system, prometheus, acts))
        yield scene


async def _play(system: EmbeddedSystem, prometheus: Prometheus, acts: Acts) -> Scene:
    begun = time.time()
    load = Load(system.variables["PAYBUS_KAFKA_BOOTSTRAP"])
    sending = asyncio.create_task(load.run(acts.quiet + acts.silent + acts.dead + acts.after))
    await asyncio.sleep(acts.quiet)
    await _begin_outage(system, acts)
    await asyncio.sleep(acts.silent + acts.dead)
    outage_ended = time.time()
    await sending
    system.check()
    return Scene(prometheus=prometheus, begun=begun, outage_ended=outage_ended, ended=time.time())


async def _begin_outage(system: EmbeddedSystem, acts: Acts) -> None:
    outages = [
        {"after_seconds": 0, "for_seconds": acts.silent, "reset": False},
        {"after_seconds": acts.silent, "for_seconds": acts.dead, "reset": True},
    ]
    async with httpx.AsyncClient(trust_env=False) as client:
        faults = f"{system.addresses['sandbox']}/admin/faults"
        answer = await client.post(faults, json={**_FAULTS, "outages": outages})
        answer.raise_for_status()
