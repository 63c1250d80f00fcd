"""Every refusal has a slug for programs and a sentence for people."""

from itertools import chain
import re

import pytest
from tests.contracts.trades import trade

from paybus.contracts.refusal import DEAD_LETTERS, MALFORMED, REFUSED, REJECTIONS, sentence_of
from paybus.trades.guard import Refused, may_cancel, may_refund
from paybus.trades.money import Fen
from paybus.trades.trade import TradeState

SLUGS = [*REJECTIONS, *DEAD_LETTERS]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_slug_is_a_word_and_its_sentence_is_one(slug: str) -> None:
    """Slugs are snake_case; sentences begin with a capital and end with a stop."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", slug)
    assert re.fullmatch(r"[A-Z].*\.", {**REJECTIONS, **DEAD_LETTERS}[slug])


def test_lists_do_not_overlap() -> None:
    """A slug belongs to one stage: reading, carrying out, or dying."""
    assert len(SLUGS) == len(set(SLUGS)) == len(MALFORMED) + len(REFUSED) + len(DEAD_LETTERS)


def test_whatever_a_guard_refuses_is_listed() -> None:
    """Every reason for which a refund or cancel may not be sent, in any state of a trade, has a sentence."""
    states = [trade(state=state) for state in TradeState]
    reserved = trade(reserved_fen=Fen(1))
    decisions = chain(
        (may_refund(one, Fen(1)) for one in states),
        (may_cancel(one) for one in states),
        [may_refund(trade(), Fen(15801)), may_cancel(reserved)],
    )
    reasons = {decision.reason for decision in decisions if isinstance(decision, Refused)}
    assert {"trade_not_paid", "trade_partially_refunded", "amount_above_remainder"} < reasons
    assert reasons <= REFUSED.keys()


def test_a_listed_reason_has_its_sentence() -> None:
    """The sentence of a slug is the list's."""
    assert all(sentence_of(slug) == sentence for slug, sentence in REJECTIONS.items())


def test_any_other_reason_is_the_gateways() -> None:
    """A return code is quoted: the gateway's word is all we know."""
    assert sentence_of("INVALID_CONTRACT") == "The gateway refused it with INVALID_CONTRACT."
