"""Trades about which nobody else asks: why one is watched, how often, and what an inquiry about it does.

An order that waits for its customer has no open operation, so a lost callback would stay lost; and what was
revoked unpaid may be charged all the same.
"""

from dataclasses import dataclass
from enum import StrEnum, unique

from paybus.trades.aftermath import unmoved
from paybus.trades.guard import ENDED_UNPAID
from paybus.trades.judgement import NEWS_OF_STATE, judge_inquiry
from paybus.trades.late_charge import hear_late_charge, is_late_charge
from paybus.trades.operation import Kind
from paybus.trades.outcome import Facts, Outcome, Verdict
from paybus.trades.trade import Heard, Reading, Trade, TradeState, contradict, hear


@unique
class Watch(StrEnum):
    """Why a trade is watched. The ledger keeps these words."""

    CUSTOMER = "customer"
    """An order waits for its customer, who may pay without a callback reaching us."""
    LATE_CHARGE = "late_charge"
    """It was revoked or closed unpaid: should the gateway charge it after all, somebody must notice."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How often a watched trade is asked about: each wait is twice the one before, up to the longest.

    With the defaults the gateway is asked nine times in the first 90 minutes, then every hour.
    """

    first_seconds: float = 10.0
    longest_seconds: float = 3600.0
    refund_late_charges: bool = True
    """Whether a charge after the end of its trade is given back without a person's word."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an inquiry about a watched trade taught us; `due_seconds` is None where no more is to be heard.

    `give_back` says that the trade was charged after its end, and that all of it is to be refunded.
    """

    outcome: Outcome
    heard: Heard
    due_seconds: float | None
    give_back: bool = False


def watched_for(trade: Trade) -> Watch | None:
    """Say why *trade* has to be watched; None if it has not."""
    if trade.state is TradeState.AWAITING_PAYMENT:
        return Watch.CUSTOMER
    if trade.state in ENDED_UNPAID and not trade.paid_fen:
        return Watch.LATE_CHARGE
    return None


def next_watch_seconds(watch: Watch, asked: int, rules: Rules) -> float | None:
    """Say how long to wait after *asked* inquiries; None if that is enough.

    An order is asked about until it has an end. A late charge comes soon or is left to the comparison of
    the whole day.
    """
    wait_seconds = rules.first_seconds * 2.0 ** min(asked, 60)
    if wait_seconds <= rules.longest_seconds:
        return wait_seconds
    return rules.longest_seconds if watch is Watch.CUSTOMER else None


def learn(
    trade: Trade, asked: int, answer: tuple[str, Facts] | None, *, announced: bool, rules: Rules
) -> Lesson:
    """Say what *answer* does to *trade*: a return code and facts, or None where none came.

    *asked* counts the inquiries before this one; *announced* says that the last event of the trade is a
    discrepancy already.
    """
    outcome = _judged(trade, answer)
    if is_late_charge(trade, outcome.facts):
        give_back = rules.refund_late_charges
        heard = hear_late_charge(trade, announced=announced, give_back=give_back)
        return Lesson(outcome, heard, None, give_back=give_back)
    heard = _heard(trade, outcome)
    watch = watched_for(heard.trade)
    # A contradiction was announced and is a person's now: asking again would announce it again.
    if watch is None or heard.reading is Reading.CONTRADICTION:
        return Lesson(outcome, heard, None)
    return Lesson(outcome, heard, next_watch_seconds(watch, asked + 1, rules))


def _judged(trade: Trade, answer: tuple[str, Facts] | None) -> Outcome:
    code, facts = answer or ("", Facts())
    return judge_inquiry(Kind.PAY, code, facts, amount_fen=trade.amount_fen, lag_over=True)


def _heard(trade: Trade, outcome: Outcome) -> Heard:
    if watched_for(trade) is None:  # others have told us meanwhile
        return unmoved(trade)
    if outcome.reason == "amount_differs":
        return contradict(trade)
    state = outcome.facts.gateway_state
    if outcome.verdict is not Verdict.EXECUTED or state is None:
        # That the gateway does not find what it once made is no news of the payment.
        return unmoved(trade)
    return hear(trade, NEWS_OF_STATE[state], outcome.facts)
