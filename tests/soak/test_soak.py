"""A short soak: the same services, weather and judge as the long one, so that none of them rots."""

from pathlib import Path
from random import Random

from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka
from tests.soak.__main__ import PARTITIONS
from tests.soak.crew import Crew
from tests.soak.play import Play, Wishes
from tests.soak.verdict import judge
from tests.soak.weather import SANDBOX

from paybus.cli.reconciliation.finding import Invariant

WISHES = Wishes(seed=3, rate=20.0, seconds=6.0, kill_seconds=2.0, sample_seconds=1.0)


async def test_a_short_soak_is_passed(kafka: ApacheKafka, database_url: str, tmp_path: Path) -> None:
    """Faults, outages, a ban and two kills: nothing twice, lost or wrong, and nothing open in the end."""
    system = System(tmp_path, bootstrap=kafka.bootstrap, prefix="soak", database_url=database_url)
    kafka.create_topics(dict.fromkeys(system.topics.all(), PARTITIONS))
    crew = Crew(system, system.merchants, Random(WISHES.seed))
    try:
        system.start_sandbox(seed=WISHES.seed, **SANDBOX)
        crew.start()
        run = await Play(system=system, crew=crew, wishes=WISHES).run()
    finally:
        system.stop()
    verdict = judge(run.evidence, run.settled, {})
    assert verdict.problems == [], verdict.report.findings
    figures = verdict.report.figures
    assert figures.records == WISHES.rate * WISHES.seconds
    assert figures.answered == figures.commands > 0
    assert len(crew.killed) == 2
    assert {one.invariant for one in verdict.report.findings} == set(Invariant) - {
        Invariant.NOTHING_OPEN  # judged by how it settles
    }
    assert all(len(samples) >= WISHES.seconds - 1 for samples in crew.samples.values())
