"""What is the same for every call that could move money: it is noted, and its answer may be spoilt."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from paybus.sandbox.admission import Asked
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import CutError, RefusalError
from paybus.sandbox.fault import Fault, Operation
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.reply import Answer

Act = Callable[[Gateway, Asked, Call], Awaitable[Answer]]
Codes = Callable[[Asked], tuple[str | None, str | None]]


async def attend(gateway: Gateway, asked: Asked, operation: Operation, codes: Codes, act: Act) -> Answer:
    """Note the call about its (charge code, refund number), let *act* do it, note the answer."""
    call = gateway.books.note_call(operation, asked.merchant_id, codes(asked))
    try:
        answer = await act(gateway, asked, call)
    except RefusalError as refusal:
        answer = Answer(refusal.code, refusal.info)
    except CutError:
        call.fault = "cut"
        raise
    call.answer_code = answer.code
    call.answered_at = gateway.books.now()
    return answer if call.fault is None else replace(answer, fault=Fault(call.fault))
