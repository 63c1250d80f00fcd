"""From the gateway's words to an outcome."""

from itertools import product

import pytest
from tests.trades.examples import AMOUNT, an_operation, asked, replied, rows

from paybus.trades.judgement import combine, join_reply, judge_inquiry, judge_reply
from paybus.trades.money import Fen
from paybus.trades.operation import Kind
from paybus.trades.outcome import Facts, Outcome, Source, Verdict
from paybus.trades.return_code import RETURN_CODES, Next, meaning_of

TOLD = Facts(amount_fen=AMOUNT, down_code="D1")
OTHER = Facts(amount_fen=Fen(AMOUNT + 1))
STATES = range(-1, 16)

# What an inquiry proves by the state it shows; "/" stands between inside and after the query lag.
BY_STATE = rows(
    """
state pay                            cancel                                 refund
0     executed                       inside_query_lag/not_executed          state_unlisted
1     executed                       inside_query_lag/not_executed          state_unlisted
2     executed                       executed                               state_unlisted
3     executed                       executed                               state_unlisted
4     executed                       inside_query_lag/declined              state_unlisted
5     executed                       inside_query_lag/declined              state_unlisted
6     executed                       executed                               state_unlisted
7     state_unlisted                 state_unlisted                         state_unlisted
8     executed                       pending                                pending
9     executed                       inside_query_lag/declined              declined
10    state_unlisted                 state_unlisted                         pending
11    state_unlisted                 state_unlisted                         executed
12    state_unlisted                 state_unlisted                         declined
13    state_unlisted                 state_unlisted                         declined
14    state_unlisted                 state_unlisted                         state_unlisted
15    state_unlisted                 state_unlisted                         state_unlisted
-1    state_unlisted                 state_unlisted                         state_unlisted
""".replace("state pay", "pay", 1)
)


def _inquiry(kind: Kind, code: str, facts: Facts, *, lag_over: bool = True) -> Outcome:
    return judge_inquiry(kind, code, facts, amount_fen=AMOUNT, lag_over=lag_over)


@pytest.mark.parametrize(("code", "kind"), list(product([*RETURN_CODES, "NEW_CODE", ""], Kind)))
def test_every_reply_is_judged_by_its_code(code: str, kind: Kind) -> None:
    """A reply has the verdict of its code, keeps code and facts, and is confirmed where the code says so."""
    outcome = judge_reply(kind, code, TOLD, amount_fen=AMOUNT)
    meaning = meaning_of(code, kind)
    assert outcome.verdict is meaning.verdict
    assert outcome.confirm == (meaning.next is Next.ASK)
    assert (outcome.source, outcome.return_code, outcome.reply_code) == (Source.REPLY, code, code)
    assert outcome.facts == TOLD
    assert outcome.reason == (None if code in RETURN_CODES else "return_code_unlisted")


def test_a_pay_of_another_amount_is_not_a_success() -> None:
    """SUCCESS about another amount is unknown; what is not a success stays what it is."""
    outcome = judge_reply(Kind.PAY, "SUCCESS", OTHER, amount_fen=AMOUNT)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, "amount_differs")
    assert judge_reply(Kind.PAY, "AMT_ERROR", OTHER, amount_fen=AMOUNT).verdict is Verdict.DECLINED


def test_a_pay_without_an_amount_is_believed() -> None:
    """A reply that is silent about the amount contradicts nothing."""
    assert judge_reply(Kind.PAY, "SUCCESS", Facts(), amount_fen=AMOUNT).verdict is Verdict.EXECUTED


def test_the_amount_in_a_refunds_reply_proves_nothing() -> None:
    """Whether AMT of a refund's reply is the refund or the trade is not known, so it raises no doubt."""
    outcome = judge_reply(Kind.REFUND, "SUCCESS", OTHER, amount_fen=AMOUNT)
    assert (outcome.verdict, outcome.confirm) == (Verdict.EXECUTED, True)


@pytest.mark.parametrize(("state", "kind", "lag_over"), list(product(STATES, Kind, [False, True])))
def test_every_state_an_inquiry_may_show(state: int, kind: Kind, lag_over: bool) -> None:
    """Each state the gateway may show proves for each kind what the independently written table says."""
    word = BY_STATE[str(state)][kind].split("/")[-1 if lag_over else 0]
    outcome = _inquiry(kind, "SUCCESS", Facts(gateway_state=state), lag_over=lag_over)
    if word in set(Verdict):
        assert outcome.verdict == word
    else:
        assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, word)
    assert outcome.source is Source.INQUIRY
    assert not outcome.confirm


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("code", [*(set(RETURN_CODES) - {"SUCCESS", "CHARGE_NONEXISTENT"}), "NEW_CODE", ""])
def test_an_inquiry_that_failed_proves_nothing(kind: Kind, code: str) -> None:
    """A code other than success or "no such transaction" leaves the operation unknown, state or not."""
    outcome = _inquiry(kind, code, Facts(gateway_state=1))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, "inquiry_unanswered")


@pytest.mark.parametrize("kind", Kind)
def test_an_inquiry_without_a_state_proves_nothing(kind: Kind) -> None:
    """SUCCESS of an inquiry only says that the inquiry worked."""
    outcome = _inquiry(kind, "SUCCESS", Facts())
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, "inquiry_unanswered")


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (Kind.PAY, Verdict.NOT_EXECUTED),
        (Kind.REFUND, Verdict.NOT_EXECUTED),
        (Kind.CANCEL, Verdict.DECLINED),
    ],
)
def test_not_there_means_something_only_after_the_lag(kind: Kind, verdict: Verdict) -> None:
    """What the gateway does not know is unknown inside the query lag, and proof after it."""
    inside = _inquiry(kind, "CHARGE_NONEXISTENT", Facts(), lag_over=False)
    assert (inside.verdict, inside.reason) == (Verdict.UNKNOWN, "inside_query_lag")
    assert _inquiry(kind, "CHARGE_NONEXISTENT", Facts()).verdict is verdict


@pytest.mark.parametrize(("kind", "state"), list(product([Kind.PAY, Kind.CANCEL], range(10))))
def test_an_inquiry_about_another_amount_is_never_a_success(kind: Kind, state: int) -> None:
    """Where the gateway shows our code with another amount, nothing is taken as executed."""
    outcome = _inquiry(kind, "SUCCESS", Facts(gateway_state=state, amount_fen=Fen(AMOUNT + 1)))
    assert outcome.verdict is not Verdict.EXECUTED


ASKED = {
    "paid": asked(Verdict.EXECUTED, gateway_state=1),
    "created": asked(Verdict.EXECUTED, gateway_state=0),
    "gone": asked(Verdict.EXECUTED, gateway_state=2),
    "closed": asked(Verdict.EXECUTED, gateway_state=6),
    "refused": asked(Verdict.DECLINED, gateway_state=12),
    "nothing": asked(Verdict.NOT_EXECUTED),
    "silence": asked(Verdict.UNKNOWN, reason="inquiry_unanswered"),
    "strange": asked(Verdict.UNKNOWN, reason="state_unlisted"),
}
# The reply across, the inquiry down. "pending" and "contradicts" are kinds of unknown.
PAY = rows("""
        SUCCESS     FAIL     SERIAL_REPEAT AMT_ERROR EXCEPTION    NEW_CODE
paid    executed    executed executed      executed  executed     executed
created executed    executed executed      executed  executed     executed
gone    executed    declined executed      declined  executed     executed
closed  executed    declined executed      declined  executed     executed
nothing contradicts declined contradicts   declined  not_executed not_executed
silence unknown     unknown  unknown       unknown   unknown      unknown
strange unknown     unknown  unknown       unknown   unknown      unknown
""")
REFUND = rows("""
        SUCCESS     FAIL     SERIAL_REPEAT AMT_ERROR EXCEPTION    NEW_CODE
paid    executed    executed executed      executed  executed     executed
refused declined    declined declined      declined  declined     declined
nothing contradicts declined contradicts   declined  not_executed not_executed
silence pending     unknown  unknown       unknown   unknown      unknown
strange unknown     unknown  unknown       unknown   unknown      unknown
""")
CANCEL = rows("""
        SUCCESS     FAIL     SERIAL_REPEAT AMT_ERROR EXCEPTION    NEW_CODE
gone    executed    executed executed      executed  executed     executed
closed  executed    executed executed      executed  executed     executed
refused declined    declined declined      declined  declined     declined
nothing contradicts declined contradicts   declined  not_executed not_executed
silence unknown     unknown  unknown       unknown   unknown      unknown
strange unknown     unknown  unknown       unknown   unknown      unknown
""")
JOINED = [
    (kind, reply, said, word)
    for kind, table in ((Kind.PAY, PAY), (Kind.REFUND, REFUND), (Kind.CANCEL, CANCEL))
    for said, row in table.items()
    for reply, word in row.items()
]


@pytest.mark.parametrize(("kind", "code", "said", "word"), JOINED)
def test_a_reply_and_an_inquiry_together(kind: Kind, code: str, said: str, word: str) -> None:
    """A reply joined with what an inquiry says proves what the independently written tables say."""
    reply = judge_reply(kind, code, Facts(), amount_fen=AMOUNT)
    joined = combine(kind, reply, ASKED[said])
    unknown = {"contradicts": "inquiry_contradicts_reply", "pending": "pending"}
    if word in unknown:
        assert (joined.verdict, joined.reason) == (Verdict.UNKNOWN, unknown[word])
    else:
        assert joined.verdict == word
    assert not joined.confirm
    assert joined.reply_code == code
    assert joined.facts == ASKED[said].facts


@pytest.mark.parametrize(("kind", "code", "said", "word"), JOINED)
def test_an_earlier_reply_counts_like_a_fresh_one(kind: Kind, code: str, said: str, word: str) -> None:
    """Joining with the reply code the operation kept gives what joining with the reply itself gave."""
    operation = an_operation(kind, reply_code=code)
    reply = judge_reply(kind, code, Facts(), amount_fen=AMOUNT)
    assert join_reply(operation, ASKED[said]) == combine(kind, reply, ASKED[said])


@pytest.mark.parametrize(("kind", "said"), list(product(Kind, ASKED)))
def test_without_an_earlier_reply_the_inquiry_stands_alone(kind: Kind, said: str) -> None:
    """An operation that never got a readable reply is judged by the inquiry."""
    assert join_reply(an_operation(kind), ASKED[said]) is ASKED[said]


def test_a_failed_pay_that_does_not_exist_is_declined() -> None:
    """FAIL, confirmed by "does not exist" after the lag, ends declined, with FAIL as its code."""
    gone = _inquiry(Kind.PAY, "CHARGE_NONEXISTENT", Facts())
    joined = join_reply(an_operation(Kind.PAY, reply_code="FAIL"), gone)
    assert (joined.verdict, joined.return_code, joined.confirm) == (Verdict.DECLINED, "FAIL", False)


def test_a_failed_pay_that_is_paid_is_adopted() -> None:
    """The gateway's FAIL does not outweigh the payment it shows."""
    paid = _inquiry(Kind.PAY, "SUCCESS", Facts(gateway_state=1, amount_fen=AMOUNT))
    joined = join_reply(an_operation(Kind.PAY, reply_code="FAIL"), paid)
    assert (joined.verdict, joined.facts.gateway_state) == (Verdict.EXECUTED, 1)


def test_facts_of_a_doubtful_reply_do_not_survive_the_inquiry() -> None:
    """What is remembered is what the inquiry showed, not what a refused reply carried along."""
    reply = replied(Verdict.DECLINED, confirm=True, down_code="wrong")
    joined = combine(Kind.PAY, reply, asked(Verdict.NOT_EXECUTED, down_code=None))
    assert joined.facts.down_code is None
