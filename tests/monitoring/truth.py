"""What Prometheus should show in each moment of the incident, by what was sent and by the gateway's books."""

from tests.monitoring.figures import Comparison
from tests.monitoring.incident import (
    CALLBACKS,
    CANCELS,
    COPIES,
    DECLINES,
    DOUBTS,
    LATER,
    PAYS,
    REFUNDS,
    SERVICES,
    Incident,
    codes_in,
    verdicts_in,
)

from paybus.trades.operation import Kind

ORDERS = sum(CALLBACKS.values())
LETTERS = {"not_json": 2, "value_missing": 1}
MOVING = 'operation=~"pay|order|refund|cancel"'


def play_quiet(incident: Incident, seen: Comparison) -> None:
    """Play what comes before the outage: the outbox fills while nobody relays, and empties."""
    incident.sell()
    seen.expect("nobody relays", "sum(paybus_outbox_pending)", PAYS + DECLINES)
    seen.expect("nobody relays", "count(up == 0)", 1)
    incident.relay()
    seen.expect("all runs", "sum(paybus_outbox_pending)", 0)
    seen.expect("all runs", "sum(up)", len(SERVICES))
    incident.give_back()
    incident.call_back()
    incident.blunder()
    seen.expect("all runs", "sum(paybus_consumer_lag_records)", 0)


def compare_outage(incident: Incident, seen: Comparison) -> None:
    """Compare while the gateway is away; now and then a probe adds to what is unknown."""
    moment, unknown = "outage", 'sum by (kind) (paybus_operations_open{state="unknown"})'
    seen.follow(moment, unknown, lambda: {"pay": len(incident.doubtful())})
    seen.follow(moment, "max(paybus_unknown_amount_fen)", incident.doubtful_fen)
    seen.expect(moment, "max(paybus_unknown_oldest_seconds) > bool 3", 1)
    seen.expect(moment, 'max(paybus_breakers_open{kind="pay",traffic="charges"})', 1)
    sent = PAYS + DECLINES + ORDERS + COPIES + sum(LETTERS.values()) + DOUBTS + LATER
    lag = 'sum(paybus_consumer_lag_records{topic=~".+pay.+"})'
    seen.follow(moment, lag, lambda: sent - incident.system.committed(Kind.PAY))


def compare_end(incident: Incident, seen: Comparison) -> None:
    """Compare when all is answered: nothing is open, and every count is that of the books."""
    after = "afterwards"
    for gauge in ("unknown_amount_fen", "unknown_oldest_seconds", "breakers_open", "outbox_pending"):
        seen.expect(after, f"max(paybus_{gauge})", 0)
    seen.expect(after, "sum(paybus_consumer_lag_records)", 0)
    seen.expect(after, "sum(paybus_operations_open)", 0)
    _compare_gateway(incident, seen, after)
    _compare_commands(seen, after)
    callbacks = incident.callbacks()
    forged = sum(one["kind"] == "forged" for one in callbacks)
    wrong = sum(one["kind"] == "wrong_amount" for one in callbacks)
    by_verdict = 'sum by (verdict) (paybus_callbacks_total{verdict=~"refused|discrepancy|unavailable"})'
    seen.expect(after, by_verdict, {"refused": forged, "discrepancy": wrong})
    seen.expect(after, "sum(paybus_callbacks_total)", len(callbacks))
    seen.expect(after, "sum by (reason) (paybus_dead_letters_total)", LETTERS)
    seen.expect(after, "count(count by (version) (paybus_build_info))", 1)


def _compare_gateway(incident: Incident, seen: Comparison, moment: str) -> None:
    codes = f"sum by (operation, return_code) (paybus_gateway_return_codes_total{{{MOVING}}})"
    seen.expect(moment, codes, codes_in(incident.books()))
    questions = 'sum(paybus_gateway_return_codes_total{operation="query"})'
    seen.expect(moment, questions, incident.books()["requests"]["query"])
    verdicts = 'sum by (verdict) (paybus_gateway_call_duration_seconds_count{operation="pay"})'
    seen.expect(moment, verdicts, verdicts_in(incident.books()))
    attempts = 'sum by (verdict) (paybus_gateway_attempts_total{operation="pay",merchant_group="other"})'
    seen.expect(moment, attempts, verdicts_in(incident.books()))
    seen.expect(moment, 'sum(paybus_gateway_return_codes_total{return_code="other"})', 0)


def _compare_commands(seen: Comparison, moment: str) -> None:
    paid = PAYS + ORDERS + DOUBTS + LATER
    results: dict[str, float] = {"pay executed": paid, "pay declined": DECLINES, "refund executed": REFUNDS}
    results |= {"refund rejected": 1, "cancel executed": CANCELS}
    seen.expect(moment, "sum by (kind, result) (paybus_commands_total)", results)
    taken: dict[str, float] = {
        "accepted": paid + DECLINES,
        "duplicate": COPIES,
        "dead_letter": sum(LETTERS.values()),
    }
    seen.expect(moment, 'sum by (result) (paybus_intake_records_total{kind="pay"})', taken)
    ages = 'sum(paybus_command_age_seconds_bucket{le="+Inf"})'
    seen.expect(moment, ages, sum(results.values()))
