"""A compared day as text, for people, spreadsheets and programs."""

import csv
from datetime import date
from io import StringIO
import json

from tests.trades.examples import AMOUNT, a_trade

from paybus.reconciliation.comparison import Break, Comparison, Difference, Shown
from paybus.reconciliation.report import COLUMNS, csv_text, json_text, lines
from paybus.reconciliation.run import Report
from paybus.trades.trade import TradeState

PAID = a_trade(TradeState.PAID)
SHOWN = Shown(charge_code="C1", state=2, amount_fen=AMOUNT, down_code="D1")
STRANGER = Shown(charge_code="=C2,", state=None, amount_fen=None)
REPORT = Report(
    date(2026, 1, 31),
    "0010000001",
    Comparison(
        5,
        1,
        (
            Difference(Break.STATE_DIFFERS, "0010000001", "C1", PAID, SHOWN),
            Difference(Break.MISSING_THERE, "0010000001", "C1", PAID, None),
            Difference(Break.MISSING_HERE, "0010000001", "=C2,", None, STRANGER),
        ),
    ),
)


def test_csv_has_a_line_for_each_difference() -> None:
    """A spreadsheet reads the columns by their names; what is missing is empty, what is awkward is quoted."""
    rows = list(csv.DictReader(StringIO(csv_text([REPORT]))))
    assert [row["kind"] for row in rows] == ["state_differs", "missing_there", "missing_here"]
    assert rows[0] == dict(
        zip(COLUMNS, ("2026-01-31", "0010000001", "C1", "state_differs", "paid", "2", "15800", "15800", "D1"),
            strict=True)
    )  # fmt: skip
    assert (rows[1]["their_state"], rows[2]["charge_code"], rows[2]["our_state"]) == ("", "=C2,", "")


def test_json_has_an_object_for_each_merchant() -> None:
    """A program finds counts and differences, and null where a side has nothing."""
    (found,) = json.loads(json_text([REPORT]))
    assert (found["matched"], found["open"], found["business_day"]) == (5, 1, "2026-01-31")
    assert [one["kind"] for one in found["breaks"]] == ["state_differs", "missing_there", "missing_here"]
    assert found["breaks"][1]["their_state"] is None


def test_people_read_both_sides_and_a_sum() -> None:
    """Each difference says what we hold and what they show; the last line sums up."""
    first, second, third, last = lines([REPORT])
    assert first.endswith("ours: paid 15800 fen  theirs: state 2 15800 fen")
    assert second.endswith("theirs: nothing")
    assert "ours: nothing" in third
    assert last == "0010000001 on 2026-01-31: 5 match, 1 open, 3 differ"


def test_a_day_that_agrees_is_one_line() -> None:
    """Nothing to say but the sum."""
    report = Report(date(2026, 1, 31), "0010000001", Comparison(5, 0, ()))
    assert lines([report]) == ["0010000001 on 2026-01-31: 5 match, 0 open, 0 differ"]
