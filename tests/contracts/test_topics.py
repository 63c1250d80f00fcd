"""Topics are named by what travels on them, behind a prefix."""

from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind


def test_names_of_all_topics() -> None:
    """These names are what other teams have in their settings."""
    assert Topics().all() == (
        "paybus.pay.commands.v1",
        "paybus.refund.commands.v1",
        "paybus.cancel.commands.v1",
        "paybus.pay.commands.v1.dlq",
        "paybus.refund.commands.v1.dlq",
        "paybus.cancel.commands.v1.dlq",
        "paybus.trade.events.v1",
        "paybus.gateway.calls.v1",
    )


def test_the_prefix_is_configurable() -> None:
    """Another prefix names other topics, all of them, and changes nothing behind it."""
    ours, theirs = Topics().all(), Topics(prefix="shop-a").all()
    assert [name.removeprefix("paybus.") for name in ours] == [
        name.removeprefix("shop-a.") for name in theirs
    ]
    assert not set(ours) & set(theirs)


def test_a_dead_letter_topic_is_found_by_its_source() -> None:
    """Records of a topic die to its own name with `.dlq`: tools find one from the other."""
    for kind in Kind:
        assert Topics("p").dead_letters(kind) == f"{Topics('p').commands(kind)}.dlq"
