"""One measured run of one contender, on a fresh gateway and fresh topics."""

from dataclasses import dataclass
from pathlib import Path
import time
import uuid

from tests.bench.accounting import cpu_seconds
from tests.bench.contenders import Contender, Running
from tests.bench.gateway import Gateway
from tests.bench.measurement import Measurement, judge
from tests.bench.peers.job import Job
from tests.bench.topics import Results, await_group, send
from tests.kafka.apache import ApacheKafka

PARTITIONS = 12
RUN_SECONDS = 120.0  # the slowest contender with its own count needs 15 s; a stuck one must not stop the rest


@dataclass(frozen=True)
class World:
    """What all runs share."""

    kafka: ApacheKafka
    folder: Path
    latency_ms: int


@dataclass(frozen=True)
class Load:
    """The work was done: how long it took and what processor time it cost."""

    answered: int
    seconds: float
    worker_cpu_seconds: float
    other_cpu_seconds: dict[str, float]


def measure(contender: Contender, world: World, *, commands: int, repeat: int) -> Measurement:
    """Start the contender, give it its commands when it consumes, and count to the last result."""
    count = min(commands, contender.most)
    name = uuid.uuid4().hex[:8]
    folder = world.folder / name
    folder.mkdir()
    with Gateway(folder, latency_ms=world.latency_ms) as gateway:
        job = Job(
            bootstrap=world.kafka.bootstrap, commands=f"{name}.{contender.commands}",
            results=f"{name}.{contender.results}", gateway_url=gateway.base_url,
            merchant_id=gateway.merchant_id, merchant_key=gateway.merchant_key,
        )  # fmt: skip
        world.kafka.create_topics({job.commands: PARTITIONS, job.results: PARTITIONS})
        codes = [f"{name}{number:08}" for number in range(count)]
        with contender.start(job, folder) as running:
            load = _load(contender, job, running, codes)
        doubles, lost = judge(gateway.effects(), codes)
    return Measurement(
        contender=contender.name, repeat=repeat, commands=count, doubles=doubles, lost=lost, **vars(load)
    )


def _load(contender: Contender, job: Job, running: Running, codes: list[str]) -> Load:
    await_group(job.bootstrap, contender.group(job), running.worker.check)
    results = Results(job.bootstrap, job.results, contender.answer_of)
    commands = [contender.command(job, code, number) for number, code in enumerate(codes)]
    before = _used(running)
    begun = time.monotonic()
    send(job.bootstrap, job.commands, commands)
    results.collect(len(codes), seconds=RUN_SECONDS)
    used = {name: seconds - before[name] for name, seconds in _used(running).items()}
    results.close()
    worker = used.pop("worker")
    return Load(len(results.answered), (results.last_at or begun) - begun, worker, used)


def _used(running: Running) -> dict[str, float]:
    others = {name: used() for name, used in running.others.items()}
    return {"worker": cpu_seconds(running.worker.pid)} | others
