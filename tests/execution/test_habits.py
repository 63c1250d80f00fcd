"""What nobody has judged is told, and does not fill the log."""

from structlog.testing import capture_logs
from tests.execution.crew import FLOWS, Crew, barcode

from paybus.execution.habits import AGAIN_SECONDS, MOST_CODES, Habits
from paybus.execution.operator import Operator
from paybus.gateway.profile import Profile
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict
from paybus.trades.return_code import Meaning


def test_an_unlisted_code_is_counted_each_time_and_told_once_a_minute() -> None:
    """The counter is for the alert, the line for whoever judges the code."""
    now, counted = [0.0], []
    habits = Habits(count_unlisted=lambda: counted.append(1), clock=lambda: now[0])
    with capture_logs() as logs:
        for code in ("NEW", "NEW", "OTHER"):
            habits.met_unlisted(code, "pay")
        now[0] += AGAIN_SECONDS
        habits.met_unlisted("NEW", "refund")
    told = [(log["event"], log["return_code"], log["operation"]) for log in logs]
    event = "return_code.unlisted"
    assert told == [(event, "NEW", "pay"), (event, "OTHER", "pay"), (event, "NEW", "refund")]
    assert len(counted) == 4


def test_a_gateway_that_makes_up_codes_fills_no_log() -> None:
    """Only so many are told apart, and a long one is cut."""
    with capture_logs() as logs:
        habits = Habits(clock=lambda: 0.0)
        for number in range(10_000):
            habits.met_unlisted(f"{number:05}" + "X" * 1000, "pay")
    assert len(logs) == MOST_CODES + 1
    assert max(len(log["return_code"]) for log in logs) == 64


async def test_a_judged_code_counts_without_a_restart(payer: Crew) -> None:
    """The same reply is unknown and told while nobody has judged it, and declined when somebody has."""
    codes = [f"FAULT-UNKNOWN_CODE-{number}" for number in (1, 2)]
    profiles, counted = [Profile()], []
    habits = Habits(lambda: profiles[-1], count_unlisted=lambda: counted.append(1))
    payer.turns._operator = Operator(
        FLOWS[Kind.PAY], payer.clients, payer.journal, lag_seconds=3.0, habits=habits
    )
    await payer.takes(barcode(codes[0]))
    assert (await payer.state(codes[0]), len(counted)) == ("unknown", 1)
    code = payer.journal.calls[0].return_code
    assert code is not None
    row = dict.fromkeys(Kind, Meaning(Verdict.DECLINED))
    profiles.append(Profile(return_codes={**Profile().return_codes, code: row}))
    await payer.takes(barcode(codes[1]))
    assert (await payer.state(codes[1]), len(counted)) == ("done", 1)
    assert await payer.events(codes[1]) == ["trade.declined"]


def test_the_lag_is_the_profiles_where_it_says_one() -> None:
    """A setting counts only where the profile is silent."""
    assert Habits().lag_seconds(3.0) == 3.0
    assert Habits(lambda: Profile(query_lag_seconds=0.0)).lag_seconds(3.0) == 0.0
