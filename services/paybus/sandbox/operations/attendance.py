"""What is the same for every call: outages and bans, its line in the books, the fault of its answer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from paybus.sandbox.admission import Asked
from paybus.sandbox.entry import Call
from paybus.sandbox.errors import CutError, RefusalError, SpoiltError
from paybus.sandbox.fault import Fault, Operation
from paybus.sandbox.gateway import Gateway
from paybus.sandbox.reply import Answer

Act = Callable[[Gateway, Asked, Call], Awaitable[Answer]]
Tell = Callable[[Gateway, Asked], Answer]
Codes = tuple[str | None, str | None]


async def attend(gateway: Gateway, asked: Asked, operation: Operation, codes: Codes, act: Act) -> Answer:
    """Note a call about *codes* (charge code, refund number), let *act* do it, note the answer."""
    books, interruptions = gateway.books, gateway.interruptions
    call = books.note_call(operation, asked.merchant_id, codes)
    try:
        interruptions.check(asked.merchant_id)
        answer = await act(gateway, asked, call)
    except RefusalError as refusal:
        answer = Answer(refusal.code, refusal.info)
    except SpoiltError as spoilt:
        call.fault = spoilt.fault
        call.answered_at = books.now()
        raise
    except CutError:
        call.fault = "cut"
        raise
    call.answer_code = answer.code
    call.answered_at = books.now()
    interruptions.note(asked.merchant_id, answer.code)
    return answer if call.fault is None else replace(answer, fault=Fault(call.fault))


async def inform(gateway: Gateway, asked: Asked, tell: Tell, code: str = "") -> Answer:
    """Answer a call that only asks, about *code*, after the time that queries take."""
    interruptions = gateway.interruptions
    interruptions.check(asked.merchant_id)
    planner = gateway.planner
    fault = planner.query_fault(asked.merchant_id, code)
    gateway.check_carried_out(fault)
    slow = planner.settings.slow_ms if fault is Fault.SLOW else planner.settings.query_latency_ms
    await gateway.clock.pass_time(slow / 1000)
    try:
        answer = tell(gateway, asked)
    except RefusalError as refusal:
        answer = Answer(refusal.code, refusal.info)
    interruptions.note(asked.merchant_id, answer.code)
    return replace(answer, fault=fault)
