"""From the gateway's words to an outcome: replies to what we sent, and replies to what we asked.

Pure tables and functions; nothing here waits, sends or remembers.
"""

from dataclasses import replace
from enum import StrEnum, unique
from types import MappingProxyType

from paybus.trades import return_code
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Operation
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.return_code import RETURN_CODES, Table
from paybus.trades.trade import News

UNLISTED = "return_code_unlisted"
"""The reason of an outcome whose return code nobody has judged."""


@unique
class RefundWord(StrEnum):
    """What the gateway's refund states mean (docs/protocol.md §7.4)."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


NEWS_OF_STATE = MappingProxyType(
    {
        0: News.CREATED,
        1: News.PAID,
        2: News.REVOKED,
        3: News.REVOCATION_REQUESTED,
        # Paid, and something was refunded since: our own refunds keep those books.
        4: News.PAID,
        5: News.PAID,
        6: News.CLOSED,
        8: News.PAID,
        9: News.PAID,
    }
)
REFUND_WORD_OF_STATE = MappingProxyType(
    {
        8: RefundWord.PENDING,
        9: RefundWord.FAILED,
        10: RefundWord.PENDING,
        11: RefundWord.SUCCEEDED,
        # Vendor and document swap 12 and 13; both say that no money moved.
        12: RefundWord.FAILED,
        13: RefundWord.FAILED,
    }
)
_REFUNDING = 8
_GONE = frozenset({2, 6})
"""Revoked or closed: where the gateway refused a pay, this is how it put it away."""


def judge_reply(
    kind: Kind, code: str, facts: Facts, *, amount_fen: Fen, table: Table = RETURN_CODES
) -> Outcome:
    """Judge the gateway's reply to an operation we sent; *amount_fen* is what the trade is about."""
    meaning = return_code.meaning_of(code, kind, table)
    outcome = Outcome(
        verdict=meaning.verdict,
        source=Source.REPLY,
        return_code=code,
        reply_code=code,
        reason=None if meaning.listed else UNLISTED,
        facts=facts,
        confirm=meaning.next is return_code.Next.ASK,
    )
    return _doubt_other_amount(outcome, amount_fen) if kind is Kind.PAY else outcome


def judge_inquiry(kind: Kind, code: str, facts: Facts, *, amount_fen: Fen, lag_over: bool) -> Outcome:
    """Judge the reply to an inquiry about an operation.

    *lag_over* says that the gateway has had time to show whatever reached it: only then does
    "no such transaction" mean that nothing happened.
    """
    outcome = Outcome(verdict=Verdict.UNKNOWN, source=Source.INQUIRY, return_code=code, facts=facts)
    if code == return_code.NONEXISTENT:
        return _not_there(outcome, kind, lag_over=lag_over)
    if code != return_code.SUCCESS or facts.gateway_state is None:
        return replace(outcome, reason="inquiry_unanswered")
    if kind is Kind.REFUND:
        return _judge_refund_state(outcome, facts.gateway_state)
    judged = _judge_trade_state(outcome, kind, facts.gateway_state, lag_over=lag_over)
    return _doubt_other_amount(judged, amount_fen)


def combine(kind: Kind, reply: Outcome, asked: Outcome) -> Outcome:
    """Join the reply to what we sent with what an inquiry said of it afterwards."""
    asked = replace(asked, reply_code=reply.reply_code)
    if asked.verdict is Verdict.EXECUTED:
        gone = kind is Kind.PAY and asked.facts.gateway_state in _GONE
        return _uphold(reply, asked) if gone and reply.verdict is Verdict.DECLINED else asked
    if asked.verdict is Verdict.UNKNOWN:
        taken = kind is Kind.REFUND and reply.verdict is Verdict.EXECUTED
        if taken and asked.reason != "state_unlisted":
            return replace(asked, reason="pending", return_code=reply.return_code)
        return asked
    if reply.verdict is Verdict.DECLINED:
        return _uphold(reply, asked)
    arrived = reply.verdict is Verdict.EXECUTED or reply.confirm
    if arrived and asked.verdict is Verdict.NOT_EXECUTED:
        # "It is there" and "it is not there": believe neither, and above all do not send again.
        return replace(asked, verdict=Verdict.UNKNOWN, reason="inquiry_contradicts_reply")
    return asked


def join_reply(operation: Operation, asked: Outcome, *, table: Table = RETURN_CODES) -> Outcome:
    """Join an inquiry's outcome with the reply *operation* got when it was sent, if it got one.

    So a pay answered FAIL of which the gateway then knows nothing ends declined and is not sent again.
    """
    if operation.reply_code is None:
        return asked
    kind = operation.kind
    amount_fen = operation.amount_fen
    reply = judge_reply(kind, operation.reply_code, Facts(), amount_fen=amount_fen, table=table)
    return combine(kind, reply, asked)


def _uphold(reply: Outcome, asked: Outcome) -> Outcome:
    return replace(reply, confirm=False, facts=asked.facts)


def _doubt_other_amount(outcome: Outcome, amount_fen: Fen) -> Outcome:
    told = outcome.facts.amount_fen
    if outcome.verdict is not Verdict.EXECUTED or told is None or told == amount_fen:
        return outcome
    return replace(outcome, verdict=Verdict.UNKNOWN, reason="amount_differs", confirm=False)


def _not_there(outcome: Outcome, kind: Kind, *, lag_over: bool) -> Outcome:
    if not lag_over:
        return replace(outcome, reason="inside_query_lag")
    # A cancel of what does not exist cannot be repeated with another result.
    verdict = Verdict.DECLINED if kind is Kind.CANCEL else Verdict.NOT_EXECUTED
    return replace(outcome, verdict=verdict)


def _judge_refund_state(outcome: Outcome, state: int) -> Outcome:
    match REFUND_WORD_OF_STATE.get(state):
        case RefundWord.SUCCEEDED:
            return replace(outcome, verdict=Verdict.EXECUTED)
        case RefundWord.FAILED:
            return replace(outcome, verdict=Verdict.DECLINED)
        case RefundWord.PENDING:
            return replace(outcome, reason="pending")
        case None:
            return replace(outcome, reason="state_unlisted")


def _judge_trade_state(outcome: Outcome, kind: Kind, state: int, *, lag_over: bool) -> Outcome:
    news = NEWS_OF_STATE.get(state)
    if news is None:
        return replace(outcome, reason="state_unlisted")
    if kind is Kind.PAY or news in {News.REVOKED, News.REVOCATION_REQUESTED, News.CLOSED}:
        return replace(outcome, verdict=Verdict.EXECUTED)
    if state == _REFUNDING:  # no refund of ours can be: it may be our cancel, giving the money back
        return replace(outcome, reason="pending")
    if not lag_over:
        return replace(outcome, reason="inside_query_lag")
    if state in {0, 1}:  # not revoked
        return replace(outcome, verdict=Verdict.NOT_EXECUTED)
    return replace(outcome, verdict=Verdict.DECLINED, reason="trade_refunded")
