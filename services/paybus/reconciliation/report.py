"""A compared day as text: lines for people, CSV for spreadsheets, JSON for programs."""

from collections.abc import Iterable, Sequence
import csv
from dataclasses import asdict
from datetime import date
from io import StringIO
import json
from typing import Any, Final

from paybus.ledger.reconciliation import BreakRow
from paybus.reconciliation.run import Report

COLUMNS: Final = (
    "business_day", "merchant_id", "charge_code", "kind", "our_state", "their_state",
    "our_amount_fen", "their_amount_fen", "down_code",
)  # fmt: skip
"""Of each difference, in this order; what is missing on a side is empty."""


def csv_text(reports: Iterable[Report]) -> str:
    """Write every difference as a line of CSV (RFC 4180), the names of the columns first."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for report in reports:
        writer.writerows(asdict(row) for row in report.rows)
    return text.getvalue()


def json_text(reports: Iterable[Report]) -> str:
    """Write every day of a merchant as one object, with its differences."""
    return json.dumps([_object(report) for report in reports], default=date.isoformat, indent=2)


def lines(reports: Sequence[Report]) -> list[str]:
    """Write every difference as a line, and one line for each merchant."""
    written = [_line(row) for report in reports for row in report.rows]
    return written + [_summary(report) for report in reports]


def _object(report: Report) -> dict[str, Any]:
    compared = report.comparison
    return {
        "business_day": report.business_day,
        "merchant_id": report.merchant_id,
        "matched": compared.matched,
        "open": compared.open,
        "breaks": [asdict(row) for row in report.rows],
    }


def _line(row: BreakRow) -> str:
    ours = "nothing" if row.our_state is None else f"{row.our_state} {row.our_amount_fen} fen"
    theirs = (
        "nothing" if row.kind == "missing_there" else f"state {row.their_state} {row.their_amount_fen} fen"
    )
    return f"{row.kind:<14} {row.merchant_id}/{row.charge_code}  ours: {ours}  theirs: {theirs}"


def _summary(report: Report) -> str:
    compared = report.comparison
    return (
        f"{report.merchant_id} on {report.business_day}: {compared.matched} match, {compared.open} open,"
        f" {len(compared.differences)} differ"
    )
