"""The services of the embedded system."""

from paybus.cli.embedded.roster import NOTIFIER, SANDBOX, WORKERS, Program, topics_of
from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind


def test_every_topic_exists_from_the_start() -> None:
    """What appears on use has four partitions, and the order of trades is among twelve."""
    topics = Topics()
    partitions = topics_of(topics)
    assert set(partitions) == set(topics.all())
    assert {partitions[topics.commands(kind)] for kind in Kind} == {12}
    assert partitions[topics.dead_letters(Kind.PAY)] == 3


def test_what_is_needed_is_installed() -> None:
    """Without one of these nothing is carried out; what only looks on may be missing."""
    assert all(program.installed and program.needed for program in (SANDBOX, NOTIFIER, *WORKERS))
    assert not Program(name="fortune_teller").installed
