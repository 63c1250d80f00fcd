"""A record that is no command is buried by the service that reads it, and sent again when it can be read."""

from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

from tests.e2e.system import System, barcode
from tests.process import PythonProcess

from paybus.contracts.dead_letter import dead_letter_headers
from paybus.contracts.errors import NotACommandError
from paybus.trades.operation import Kind


class Operator:
    """A person with the `paybus` command."""

    def __init__(self, system: System, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "PAYBUS_DATABASE_URL": system.database_url,
            "PAYBUS_KAFKA_BOOTSTRAP": system.bootstrap,
            "PAYBUS_TOPIC_PREFIX": system.topics.prefix,
            "PAYBUS_MERCHANTS_DIRECTORY": str(system.merchants),
            "PAYBUS_RUN_DIRECTORY": str(folder / "run"),
        }
        self._calls = 0

    def dlq(self, *arguments: str, code: int = 0) -> str:
        """Run `paybus dlq`, which is to end with *code*, and give what it wrote."""
        self._calls += 1
        log = self._folder / f"dlq{self._calls}.log"
        process = PythonProcess("paybus.cli", self._environment, log, arguments=("dlq", *arguments))
        assert process.await_end() == code, process.log
        return process.log

    def letters(self) -> list[dict[str, Any]]:
        """List the letters."""
        return [json.loads(line) for line in self.dlq("list", "--json").splitlines()]


def test_a_record_that_is_no_command_is_buried_and_stays_so(system: System, tmp_path: Path) -> None:
    """Without its order number nobody can say whose money it is: shown as it was, and not sent again."""
    operator = Operator(system, tmp_path)
    system.start_sandbox()
    system.start("pay")
    broken = {name: value for name, value in barcode(1).items() if name != "charge_code"}
    record = (b"C00001", json.dumps(broken).encode())
    system.send_raw(system.topics.commands(Kind.PAY), [record], headers=[("x", None), ("x", b"\xff")])
    system.records(system.topics.dead_letters(Kind.PAY), until=lambda seen: len(seen) == 1)
    (row,) = operator.letters()
    assert (row["reason"], row["key"], row["replays"]) == ("identity_invalid", "C00001", 0)
    shown = operator.dlq("show", row["place"])
    assert "charge_code" in shown
    assert "x = 0xff" in shown
    assert broken["auth_code"] not in shown
    assert "refused (unreadable)" in operator.dlq("replay", row["place"], "--yes", code=1)
    (sent,) = system.records(system.topics.commands(Kind.PAY), until=lambda seen: len(seen) >= 1)
    assert sent.value() == record[1]


def test_what_became_readable_is_sent_again_and_answered_once(system: System, tmp_path: Path) -> None:
    """An older reader buried it; today's carries it out once, however often it is sent."""
    operator = Operator(system, tmp_path)
    system.start_sandbox()
    system.start("pay")
    headers = dead_letter_headers(
        [("ce_time", datetime.now(UTC).isoformat().encode())],
        topic=system.topics.commands(Kind.PAY),
        partition=2,
        offset=48_151_623,
        timestamp_ms=int(datetime.now(UTC).timestamp() * 1000),
        error=NotACommandError("identity_invalid", "method is a word that this version does not know"),
    )
    value = json.dumps({**barcode(2), "expires_at": "2999-01-01T00:00:00Z"}).encode()
    system.send_raw(system.topics.dead_letters(Kind.PAY), [(b"C00002", value)], headers=headers)
    (row,) = operator.letters()
    assert "will be carried out" in operator.dlq("replay", row["place"])
    assert system.effects("charge") == {}
    assert "1 sent, 0 refused" in operator.dlq("replay", row["place"], "--yes")
    system.await_answers(1)
    assert "refused (before)" in operator.dlq("replay", row["place"], "--yes", code=1)
    assert "harmless: pay C00002" in operator.dlq("replay", row["place"], "--again", "--yes")
    system.until(lambda: system.query("SELECT count(*) AS n FROM outbox")[0]["n"] == 2)
    assert system.effects("charge") == {"C00002": 1}
    assert [row["ce_type"] for row in system.query("SELECT ce_type FROM event")] == ["trade.paid"]
    assert [row["replays"] for row in operator.letters()] == [2]
