"""The span in which what an inquiry taught is written down (docs/traces.md)."""

from paybus.telemetry.trace import Value
from paybus.trades.watch import Lesson


def attributes_of_lesson(lesson: Lesson) -> dict[str, Value | None]:
    """Describe what was learnt of a trade, and what that made of it."""
    trade, outcome = lesson.heard.trade, lesson.outcome
    return {
        "paybus.merchant_id": trade.merchant_id,
        "paybus.charge_code": trade.charge_code,
        "paybus.verdict": outcome.verdict.value,
        "paybus.return_code": outcome.return_code,
        "paybus.reason": outcome.reason,
        "paybus.trade_state": trade.state.value,
        "paybus.give_back": lesson.give_back,
    }
