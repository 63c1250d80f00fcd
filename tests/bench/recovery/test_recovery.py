"""The measurement of a recovery measures one, and says when it was too slow or cost money."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.bench.recovery.measurement import Recovery, measure
from tests.e2e.system import System
from tests.kafka.apache import ApacheKafka

GOOD = Recovery(left=10, first_call_seconds=9.5, all_answered_seconds=12.0, doubles=0, lost=0)


@pytest.mark.parametrize(
    ("change", "in_time"),
    [
        ({}, True),
        ({"first_call_seconds": 10.1}, False),
        ({"all_answered_seconds": 15.1}, False),
        ({"doubles": 1}, False),
        ({"lost": 1}, False),
    ],
)
def test_late_or_double_or_lost_is_missed(change: dict[str, float], in_time: bool) -> None:
    """The target is met only by a run that was quick, did nothing twice and lost nothing."""
    assert replace(GOOD, **change).is_in_time is in_time


def test_a_worker_dies_and_its_work_is_finished(
    kafka: ApacheKafka, database_url: str, tmp_path: Path
) -> None:
    """A killed worker leaves operations; they are asked about after its death, and all is answered later."""
    system = System(tmp_path, bootstrap=kafka.bootstrap, prefix="recovery", database_url=database_url)
    kafka.create_topics(dict.fromkeys(system.topics.all(), 4))
    try:
        run = measure(system, 300, standby=True)
    finally:
        system.stop()
    assert 0 < run.left < 300
    assert 0 < run.first_call_seconds <= run.all_answered_seconds
    assert (run.doubles, run.lost) == (0, 0)
