"""Which letters are meant is said by the person, and never guessed."""

import pytest
from tests.cli.dead_letter.letters import letter

from paybus.cli.dead_letter.choice import MOST_AT_ONCE, Choice, kinds_of, with_reason
from paybus.cli.errors import CliError
from paybus.contracts.errors import NotACommandError
from paybus.contracts.topics import Topics
from paybus.trades.operation import Kind

LETTERS = [letter(b"x", at=at, offset=100 - at) for at in range(3)]
TOPICS = Topics()


def test_letters_are_taken_in_the_order_of_their_records() -> None:
    """However they came to lie on the topic, what was sent first goes first."""
    offsets = [one.origin.offset for one in with_reason(LETTERS, None) if one.origin]
    assert offsets == [98, 99, 100]


def test_a_reason_chooses_its_letters_only() -> None:
    """Others stay where they are."""
    other = letter(b"x", at=9, error=NotACommandError("value_missing", "no value"))
    assert Choice(reason="value_missing").of([*LETTERS, other]) == [other]


def test_places_are_taken_once_and_in_their_order() -> None:
    """A place that is named twice is one letter."""
    places = (LETTERS[2].place, LETTERS[0].place, LETTERS[2].place)
    assert Choice(places=places).of(LETTERS) == [LETTERS[2], LETTERS[0]]


def test_a_place_without_a_letter_is_told() -> None:
    """Nothing of the choice is carried out then."""
    with pytest.raises(CliError, match="there is no letter"):
        Choice(places=(LETTERS[0].place, letter(b"x", at=77).place)).of(LETTERS)


def test_more_than_anybody_looks_through_must_be_meant() -> None:
    """A reason may have thousands of letters."""
    many = [letter(b"x", at=at) for at in range(MOST_AT_ONCE + 1)]
    assert len(Choice(reason="not_json").of(many[1:])) == MOST_AT_ONCE
    with pytest.raises(CliError, match="--all"):
        Choice(reason="not_json").of(many)
    assert len(Choice(reason="not_json", every=True).of(many)) == MOST_AT_ONCE + 1


@pytest.mark.parametrize(
    "choice", [Choice(), Choice(places=(LETTERS[0].place,), reason="not_json"), Choice(reason="nonsense")]
)
def test_a_choice_that_says_nothing_or_two_things_is_refused(choice: Choice) -> None:
    """Places or a reason, and a reason that there is."""
    with pytest.raises(CliError):
        choice.check()


@pytest.mark.parametrize("text", ["refund", "paybus.refund.commands.v1", "paybus.refund.commands.v1.dlq"])
def test_a_topic_is_known_by_each_of_its_names(text: str) -> None:
    """The kind, the topic of commands, and that of letters mean the same."""
    assert kinds_of(text, TOPICS) == (Kind.REFUND,)
    assert kinds_of(None, TOPICS) == tuple(Kind)
    with pytest.raises(CliError, match="no topic"):
        kinds_of(f"x{text}", TOPICS)
