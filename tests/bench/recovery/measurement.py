"""One pay worker dies under load, and another one finishes its work: how long that took."""

from dataclasses import dataclass
import time

from confluent_kafka import Message
from tests.bench.measurement import judge
from tests.bench.topics import await_group
from tests.e2e.system import System, barcode

from paybus.contracts.call import GatewayCall, decode_call
from paybus.trades.happening import Happening
from paybus.trades.operation import Kind

FIRST_CALL_SECONDS, ALL_ANSWERED_SECONDS = 10.0, 15.0
"""The promise: a dead worker's operations are taken up, and then finished, so soon after its death."""

_POLL_SECONDS = 0.01
_LEFT = """
SELECT key FROM operation WHERE answered_at IS NULL
    AND owner = (SELECT worker_id FROM worker WHERE service = 'pay' ORDER BY started_at LIMIT 1)
"""
_ITS_LAST = "SELECT key FROM operation WHERE answered_at < to_timestamp(%s) + interval '1 second'"
"""What was written by statements that outlived it: nobody had to take that over. No lease is so short."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One run; seconds count from the kill. `left` operations were the dead one's."""

    left: int
    first_call_seconds: float
    all_answered_seconds: float
    doubles: int
    lost: int

    @property
    def is_in_time(self) -> bool:
        """Whether it was as quick as promised, and nothing happened twice or never."""
        quick = self.first_call_seconds <= FIRST_CALL_SECONDS
        done = self.all_answered_seconds <= ALL_ANSWERED_SECONDS
        return quick and done and not self.doubles and not self.lost


def measure(system: System, commands: int, *, standby: bool) -> Recovery:
    """Let one pay worker die under load and another one finish its work."""
    codes = _start(system, commands, standby=standby)
    while system.answered < commands // 3:
        time.sleep(_POLL_SECONDS)
    killed_at = time.time()
    system.kill("victim")
    if not standby:
        system.start("heir", "pay")
    left = {row["key"] for row in system.query(_LEFT)}
    assert left, "it had finished everything: kill earlier, or ask for more"
    system.await_answers(commands)
    left -= {row["key"] for row in system.query(_ITS_LAST, killed_at)}
    doubles, lost = judge(system.effects("charge"), codes)
    return Recovery(
        left=len(left),
        first_call_seconds=_first_call(system, left, after_ms=int(killed_at * 1000)) - killed_at,
        all_answered_seconds=_last_answer(system, commands) - killed_at,
        doubles=doubles,
        lost=lost,
    )


def _start(system: System, commands: int, *, standby: bool) -> list[str]:
    """Start everybody, and ask for *commands*; give their charge codes."""
    system.start_sandbox(latency_ms=50)
    system.start("notifier")
    victim = system.start("victim", "pay")
    system.port("victim")  # it is the first that enrolled
    if standby:
        system.start("heir", "pay")
        system.port("heir")
    await_group(system.bootstrap, system.topics.commands(Kind.PAY), victim.check)
    asked = [barcode(number) for number in range(commands)]
    system.send(Kind.PAY, asked)
    return [command["charge_code"] for command in asked]


def _first_call(system: System, keys: set[str], *, after_ms: int) -> float:
    """Give the Unix time of the first request about one of *keys* after the kill."""

    def about_them(seen: list[Message]) -> list[GatewayCall]:
        calls = [decode_call(message.value() or b"") for message in seen]
        return [call for call in calls if call.key in keys and call.at_ms > after_ms]

    records = system.records(
        system.topics.gateway_calls, until=lambda seen: keys <= {call.key for call in about_them(seen)}
    )
    return min(call.at_ms for call in about_them(records)) / 1000


def _last_answer(system: System, commands: int) -> float:
    """Give the Unix time at which the last command's answer was on Kafka."""

    def answered_at(seen: list[Message]) -> dict[bytes, int]:
        first: dict[bytes, int] = {}
        for message in seen:
            if dict(message.headers() or [])["ce_type"] == Happening.TRADE_PAID.encode():
                first.setdefault(message.key() or b"", message.timestamp()[1])
        return first

    records = system.records(
        system.topics.trade_events, until=lambda seen: len(answered_at(seen)) >= commands
    )
    return max(answered_at(records).values()) / 1000
