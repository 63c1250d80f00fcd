"""One request, judged: every way in which it can end is an outcome, and a record of the call."""

from collections.abc import Iterator
import time

import pytest

from paybus.execution.attempt import Attempt, attempt
from paybus.execution.flow import Answered
from paybus.gateway import errors
from paybus.gateway.errors import GatewayError
from paybus.gateway.reply import Reply
from paybus.ledger.held import Held
from paybus.trades.judgement import judge_reply
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Outcome, Source, Verdict

ENDS: list[tuple[GatewayError, Verdict, str]] = [
    (errors.ConnectFailedError("refused"), Verdict.NOT_EXECUTED, "not_connected"),
    (errors.MissingParametersError(["AMT"]), Verdict.DECLINED, "field_invalid"),
    (errors.InvalidParameterError("a lone surrogate"), Verdict.DECLINED, "field_invalid"),
    (errors.ReplyTimeoutError("late", moves_money=True), Verdict.UNKNOWN, "no_answer"),
    (errors.ConnectionLostError("gone", moves_money=True), Verdict.UNKNOWN, "no_answer"),
    (errors.HttpStatusError(502, moves_money=True), Verdict.UNKNOWN, "no_answer"),
    (errors.OversizedReplyError("a flood", moves_money=True), Verdict.UNKNOWN, "no_answer"),
    (errors.UndecodableReplyError("html", http_status=200, moves_money=True), Verdict.UNKNOWN, "no_answer"),
    (errors.UndecryptableReplyError("?", http_status=200, moves_money=True), Verdict.UNKNOWN, "no_answer"),
]
NOT_OF_A_CALL: list[GatewayError] = [
    errors.DocumentError("?"),
    errors.DecryptionError("?"),
    errors.UnknownMerchantError("?"),
    errors.MerchantFileError(["?"]),
    errors.ProfileFileError(["?"]),
    errors.CallbackRefusedError("sign", http_status=403),
]
GATEWAY = "https://gateway.example:8443/openService/"
HELD = Held(
    operation_id=1,
    operation=Operation(
        merchant_id="0010000001",
        kind=Kind.REFUND,
        key="R1",
        charge_code="C1",
        method=Method.REFUND,
        amount_fen=Fen(5000),
        state=OperationState.READY,
    ),
    command=b"{}",
    fingerprint=b"",
    traceparent=None,
    expires_at=None,
    trade=None,
)


async def failing(error: GatewayError, source: Source = Source.REPLY) -> Attempt:
    """Make a request that ends with *error*."""

    async def request() -> Answered:
        raise error

    return await attempt(HELD, "refund", request, judge=_nothing, source=source, base_url=GATEWAY)


async def answered(code: str, *unreadable: str) -> Attempt:
    """Make a request that is answered with *code*, and with members that nobody can read."""

    async def request() -> Answered:
        return Answered(Reply(code=code, info=None, http_status=200, unreadable=unreadable), Facts())

    return await attempt(HELD, "refund", request, judge=_by_code, source=Source.REPLY, base_url=GATEWAY)


def _nothing(_answered: Answered) -> Outcome:
    raise AssertionError("there is no answer to judge")


def _by_code(given: Answered) -> Outcome:
    return judge_reply(Kind.REFUND, given.reply.code, given.facts, amount_fen=Fen(5000))


def leaves(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    """Give the errors below *kind* that are raised themselves."""
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


@pytest.mark.parametrize(("error", "verdict", "reason"), ENDS)
async def test_every_error_of_a_call_is_an_outcome(
    error: GatewayError, verdict: Verdict, reason: str
) -> None:
    """Refused connections and unsendable fields are certain; whatever comes after sending is not."""
    outcome = (await failing(error)).outcome
    assert (outcome.verdict, outcome.reason, outcome.source) == (verdict, reason, Source.REPLY)
    assert (outcome.return_code, outcome.reply_code, outcome.confirm) == (None, None, False)
    assert not (error.may_have_moved_money and outcome.verdict is not Verdict.UNKNOWN)


@pytest.mark.parametrize("error", [error for error, _, _ in ENDS])
async def test_a_question_without_an_answer_tells_nothing(error: GatewayError) -> None:
    """That an inquiry could not be sent does not mean that the operation was not."""
    outcome = (await failing(error, Source.INQUIRY)).outcome
    assert (outcome.verdict, outcome.source) == (Verdict.UNKNOWN, Source.INQUIRY)


@pytest.mark.parametrize("error", NOT_OF_A_CALL)
async def test_an_error_that_no_call_raises_is_not_guessed_at(error: GatewayError) -> None:
    """It would be a mistake of ours: the operation is given back and asked about."""
    with pytest.raises(type(error)):
        await failing(error)


def test_every_error_there_is_was_tried() -> None:
    """A new error at the gateway's wire needs a meaning here."""
    tried = {type(error) for error, _, _ in ENDS} | {type(error) for error in NOT_OF_A_CALL}
    assert set(leaves(GatewayError)) <= tried


@pytest.mark.parametrize("member", ["AMT", "STATE"])
async def test_a_reply_whose_amount_or_state_is_unreadable_proves_nothing(member: str) -> None:
    """SUCCESS, and something decisive beside it that nobody can read: unknown."""
    outcome = (await answered("SUCCESS", "INFO", member)).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, "reply_unreadable")
    assert outcome.return_code == "SUCCESS"


async def test_another_member_that_is_unreadable_does_not_matter() -> None:
    """A spoilt text does not hide what the gateway said."""
    assert (await answered("ILLEGAL_PARAMETER", "INFO")).outcome.verdict is Verdict.DECLINED


async def test_the_record_tells_what_happened() -> None:
    """Who asked what of whom, how it ended and how long it took; never a body or a text of theirs."""
    before_ms = time.time_ns() // 1_000_000
    call = (await answered("ILLEGAL_PARAMETER")).call
    assert (call.operation, call.kind, call.merchant_id) == ("refund", "refund", "0010000001")
    assert (call.charge_code, call.key, call.verdict) == ("C1", "R1", "declined")
    assert (call.return_code, call.http_status, call.error) == ("ILLEGAL_PARAMETER", 200, None)
    assert before_ms <= call.at_ms <= time.time_ns() // 1_000_000
    assert call.duration_us >= 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.HttpStatusError(502, moves_money=True), 502),
        (errors.UndecodableReplyError("<html>", http_status=200, moves_money=True), 200),
        (errors.ConnectionLostError("gone", moves_money=True), None),
    ],
)
async def test_the_record_of_a_failure_names_it(error: GatewayError, status: int | None) -> None:
    """The name of the error and the HTTP status, if there was one."""
    call = (await failing(error)).call
    assert (call.error, call.http_status, call.return_code) == (type(error).__name__, status, None)
    assert (call.verdict, call.reason) == ("unknown", "no_answer")
