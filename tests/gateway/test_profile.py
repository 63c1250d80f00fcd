"""The gateway's profile: what its file may say, and how it is followed while services run."""

from collections.abc import Sequence
from pathlib import Path
import tomllib

import jsonschema
import pytest

from paybus.gateway.errors import ProfileFileError
from paybus.gateway.profile import Profile, find_problems, load_profile
from paybus.gateway.profile_file import CHECK_SECONDS, ProfileFile
from paybus.gateway.profile_schema import profile_schema, text
from paybus.trades.judgement import UNLISTED, join_reply, judge_inquiry, judge_reply
from paybus.trades.money import Fen
from paybus.trades.operation import Kind, Method, Operation, OperationState
from paybus.trades.outcome import Facts, Verdict
from paybus.trades.return_code import RETURN_CODES, Meaning, Next

GOOD = """
[return_codes.WALLET_CLOSED]
pay = "declined"
refund = "declined"
cancel = "unknown"
ask = true

[return_codes.EXCEPTION]
pay = "not_executed"

[capabilities]
query_lag_seconds = 7
"""
SCHEMA = Path(__file__).parents[2] / "schemas" / "profile.json"


def written(folder: Path, document: str) -> Path:
    """Write a profile."""
    path = folder / "profile.toml"
    path.write_text(document)
    return path


def test_a_profile_adds_to_the_reviewed_table_and_overrides_it(tmp_path: Path) -> None:
    """New rows come in, of known ones only what is named changes, and all others stay as reviewed."""
    profile = load_profile(written(tmp_path, GOOD))
    ask = Next.ASK
    assert profile.return_codes["WALLET_CLOSED"] == {
        Kind.PAY: Meaning(Verdict.DECLINED, ask),
        Kind.REFUND: Meaning(Verdict.DECLINED, ask),
        Kind.CANCEL: Meaning(Verdict.UNKNOWN, ask),
    }
    row = {**RETURN_CODES["EXCEPTION"], Kind.PAY: Meaning(Verdict.NOT_EXECUTED)}
    assert profile.return_codes["EXCEPTION"] == row
    others = RETURN_CODES.keys() - {"EXCEPTION"}
    assert all(profile.return_codes[code] == RETURN_CODES[code] for code in others)
    assert profile.query_lag_seconds == 7


def test_without_a_file_the_reviewed_table_counts() -> None:
    """Nothing is overridden, and the settings say the rest."""
    assert (Profile().return_codes, Profile().query_lag_seconds) == (RETURN_CODES, None)


def test_replies_are_judged_by_the_profile(tmp_path: Path) -> None:
    """A code that was judged is believed, also when an inquiry is joined with it later."""
    table = load_profile(written(tmp_path, GOOD)).return_codes
    amount = Fen(100)
    before = judge_reply(Kind.PAY, "WALLET_CLOSED", Facts(), amount_fen=amount)
    after = judge_reply(Kind.PAY, "WALLET_CLOSED", Facts(), amount_fen=amount, table=table)
    assert (before.verdict, before.reason) == (Verdict.UNKNOWN, UNLISTED)
    assert (after.verdict, after.confirm, after.reason) == (Verdict.DECLINED, True, None)
    operation = Operation(
        merchant_id="1", kind=Kind.PAY, key="C1", charge_code="C1", method=Method.BARCODE, amount_fen=amount,
        state=OperationState.UNKNOWN, reply_code="WALLET_CLOSED",
    )  # fmt: skip
    gone = judge_inquiry(Kind.PAY, "CHARGE_NONEXISTENT", Facts(), amount_fen=amount, lag_over=True)
    assert join_reply(operation, gone).verdict is Verdict.NOT_EXECUTED
    assert join_reply(operation, gone, table=table).verdict is Verdict.DECLINED


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("codes = 1", "codes is not a section"),
        ("return_codes = 1", "return_codes must be a section"),
        ("capabilities = []", "capabilities must be a section"),
        ("[return_codes]\nX = 1", "return_codes.X: must be a section"),
        ("[return_codes.X]", "return_codes.X: judges nothing: write pay, refund, cancel or several of them"),
        (
            '[return_codes.x]\npay = "unknown"',
            "return_codes.x: a return code has capital letters, digits and underscores, 64 at most",
        ),
        (
            '[return_codes.X]\npay = "no"',
            "return_codes.X: pay must be one of executed, declined, not_executed, unknown",
        ),
        (
            "[return_codes.X]\npay = []",
            "return_codes.X: pay must be one of executed, declined, not_executed, unknown",
        ),
        ('[return_codes.X]\npay = "unknown"\nsell = "unknown"', "return_codes.X: sell is not a setting"),
        ('[return_codes.X]\npay = "unknown"\nask = 1', "return_codes.X: ask must be true or false"),
        (
            '[return_codes.X]\npay = "not_executed"\nask = true',
            "return_codes.X: not_executed cannot be asked about: write unknown, and the inquiry decides",
        ),
        ("[capabilities]\ndedup = true", "capabilities.dedup is not a setting"),
        (
            "[capabilities]\nquery_lag_seconds = 61",
            "capabilities.query_lag_seconds must be a number from 0.0 to 60.0",
        ),
        (
            "[capabilities]\nquery_lag_seconds = true",
            "capabilities.query_lag_seconds must be a number from 0.0 to 60.0",
        ),
        (
            "[capabilities]\nquery_lag_seconds = nan",
            "capabilities.query_lag_seconds must be a number from 0.0 to 60.0",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, document: str, problem: str) -> None:
    """Each mistake is one sentence that says where it is and what to write; nothing of the file counts."""
    path = written(tmp_path, document)
    with pytest.raises(ProfileFileError) as caught:
        load_profile(path)
    assert caught.value.problems == (f"{path}: {problem}",)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A file that is not there or is no TOML is a problem like any other."""
    for path, words in (
        (tmp_path / "none.toml", "cannot be read"),
        (written(tmp_path, "[["), "is not a TOML"),
    ):
        with pytest.raises(ProfileFileError, match=words):
            load_profile(path)


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Whoever mends a file need not start the service once a mistake."""
    assert len(find_problems({"return_codes": {"x": {}, "Y": 2}, "capabilities": {"a": 1, "b": 2}})) == 5


def test_the_schema_that_is_kept_is_the_one_that_counts() -> None:
    """schemas/profile.json is printed: python -m paybus.gateway.profile_schema > schemas/profile.json."""
    assert SCHEMA.read_text() == text()


def test_the_schema_agrees_with_the_reader() -> None:
    """What the reader takes, an editor with the schema takes; what it refuses, the editor marks."""
    validator = jsonschema.Draft202012Validator(profile_schema())
    assert validator.is_valid(tomllib.loads(GOOD))
    for document in (
        {"codes": {}}, {"return_codes": 1}, {"return_codes": {"x": {"pay": "unknown"}}},
        {"return_codes": {"X": {}}}, {"return_codes": {"X": {"pay": "no"}}},
        {"capabilities": {"query_lag_seconds": 61}},
    ):  # fmt: skip
        assert find_problems(document)
        assert not validator.is_valid(document)


class Told:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.told: list[str | Sequence[str]] = []

    def profile_loaded(self) -> None:
        """Remember."""
        self.told.append("loaded")

    def profile_refused(self, problems: Sequence[str]) -> None:
        """Remember."""
        self.told.append(problems)


def test_a_changed_file_counts_and_a_broken_one_does_not(tmp_path: Path) -> None:
    """Within a second; what cannot be used is told once, and what counted goes on counting."""
    path, now, told = written(tmp_path, GOOD), [0.0], Told()
    follow = ProfileFile(path, told, now=lambda: now[0])
    first = follow()

    def later() -> Profile:
        now[0] += CHECK_SECONDS
        return follow()

    assert later() is first
    path.write_text("[[")
    assert later() is later() is first
    assert len(told.told) == 1
    path.write_text(GOOD.replace("7", "8"))
    assert follow() is first  # it is not looked at each time
    assert later().query_lag_seconds == 8
    assert told.told[1:] == ["loaded"]
    path.unlink()
    assert later().query_lag_seconds == 8
    assert len(told.told) == 3
