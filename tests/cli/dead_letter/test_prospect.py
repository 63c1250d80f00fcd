"""What would become of a letter is said before it is sent, and what is unsafe is refused with its reason."""

from datetime import timedelta
from typing import Any

import pytest
from tests.cli.dead_letter.letters import COMMANDS, NOW, REFUNDS, letter, readers
from tests.intake.records import ORDER, PAY, REFUND, Consumed, written

from paybus.cli.dead_letter.letter import Letter, Place
from paybus.cli.dead_letter.prospect import MOST_REPLAYS, Known, Prospect, Refusal, foresee, read_today
from paybus.contracts.errors import NotACommandError
from paybus.intake.dead_letter import CUT
from paybus.ledger.accepted import Acceptance
from paybus.ledger.replay import Standing
from paybus.trades.operation import OperationState


def prospect(one: Letter, *, later: timedelta = timedelta(0), **known: Any) -> Prospect:
    """Judge a letter of pay commands."""
    facts = Known(**{"command_topic": COMMANDS, "partitions": {0, 1, 2, 3}, **known})
    return foresee(one, read_today(one, readers()), known=facts, now=NOW + later)


def fingerprint(one: Letter) -> bytes:
    """Give the meaning of a letter's command."""
    today = read_today(one, readers())
    assert isinstance(today, Acceptance)
    return today.fingerprint


def test_what_can_be_read_now_is_sent() -> None:
    """A record that became readable is what replays are for."""
    assert prospect(letter(PAY)) == Prospect("pay A1 of merchant 0010000001 will be carried out")


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff\xfe", {"merchant_id": "1"}, b" " * 70_000])
def test_what_would_come_back_is_refused(value: object) -> None:
    """What still cannot become a command would only make another letter."""
    found = prospect(letter(value))
    assert found.refusal is Refusal.UNREADABLE
    assert "it would only come back" in found.sentence


def test_a_letter_without_its_record_is_refused() -> None:
    """Where nothing says what it was, nobody knows which headers were the order service's."""
    stray = Letter.read(Consumed(written(PAY), topic=f"{COMMANDS}.dlq"))
    assert prospect(stray).refusal is Refusal.FOREIGN


@pytest.mark.parametrize("topic", ["billing.commands", REFUNDS, f"{COMMANDS}.dlq"])
def test_a_letter_of_another_topic_is_refused(topic: str) -> None:
    """Its headers may send it to the command topic of its letters, and nowhere else."""
    found = prospect(letter(REFUND, topic=topic))
    assert found.refusal is Refusal.FOREIGN
    assert topic in found.sentence


def test_a_part_of_a_record_is_refused() -> None:
    """A letter that was cut may be readable all the same, and is not what was sent."""
    error = NotACommandError("value_too_large", f"the value has 1000000 bytes; {CUT}")
    assert prospect(letter(PAY, error=error)).refusal is Refusal.CUT


def test_a_partition_that_is_no_more_is_refused() -> None:
    """Elsewhere it could overtake other commands of its trade."""
    assert prospect(letter(PAY), partitions={0, 1, 2}).refusal is Refusal.NO_PLACE


def test_a_second_letter_of_a_record_is_refused() -> None:
    """Buried twice, sent once."""
    found = prospect(letter(PAY), chosen_twin=Place("x", 0, 1))
    assert found.refusal is Refusal.TWIN
    assert "x-0-1" in found.sentence


def test_what_was_sent_again_before_is_refused_until_it_is_wanted() -> None:
    """Somebody should look what became of the first time."""
    assert prospect(letter(PAY), replays=1).refusal is Refusal.BEFORE
    assert prospect(letter(PAY), replays=1, again=True).refusal is None


def test_there_is_an_end_to_replays() -> None:
    """Not even --again goes past the limit."""
    assert prospect(letter(PAY), replays=MOST_REPLAYS - 1, again=True).refusal is None
    assert prospect(letter(PAY), replays=MOST_REPLAYS, again=True).refusal is Refusal.TOO_OFTEN


def test_a_key_that_was_used_for_something_else_is_refused() -> None:
    """The first command stands; this one would only be answered with a conflict."""
    standing = Standing(b"another", OperationState.DONE, "0010000001/A1/1")
    assert prospect(letter(PAY), standing=standing).refusal is Refusal.CONFLICT


def test_what_is_answered_already_is_harmless() -> None:
    """Nothing is done twice, and the answer that is told again is named."""
    one = letter(PAY)
    found = prospect(one, standing=Standing(fingerprint(one), OperationState.DONE, "0010000001/A1/1"))
    assert found.refusal is None
    assert "harmless" in found.sentence
    assert "0010000001/A1/1" in found.sentence


def test_what_is_accepted_already_is_harmless() -> None:
    """Its answer comes anyway."""
    one = letter(PAY)
    found = prospect(one, standing=Standing(fingerprint(one), OperationState.UNKNOWN, None))
    assert found.refusal is None
    assert "harmless" in found.sentence


def test_a_barcode_pay_that_is_too_old_is_told() -> None:
    """It goes by the record's own time: the customer has left the till, and the key would be used up."""
    assert "expired" not in prospect(letter(PAY), later=timedelta(seconds=69)).sentence
    found = prospect(letter(PAY), later=timedelta(seconds=70))
    assert found.refusal is None
    assert "will be answered as expired" in found.sentence


def test_an_order_has_time() -> None:
    """Only a scanned code grows old by itself."""
    assert "carried out" in prospect(letter(ORDER), later=timedelta(days=3)).sentence


def test_what_will_be_rejected_is_told_with_its_reason() -> None:
    """That is an answer for the order service: it may be sent."""
    found = prospect(letter({**PAY, "amount_fen": 0}))
    assert found.refusal is None
    assert "command.rejected (amount_invalid)" in found.sentence
    assert "merchant_unknown" in prospect(letter({**PAY, "merchant_id": "99"})).sentence
