"""Merchant files are read completely, or every problem is told at once without showing a secret."""

from pathlib import Path

import pytest

from paybus.gateway.errors import MerchantFileError, UnknownMerchantError
from paybus.gateway.merchant import load_merchants, merchant_of

GOOD = """
key = "TESTKEY0123456789ABCDEFGHIJKLMNO"
base_url = "http://127.0.0.1:9000/openGateway/openService/"
oper_id = "oper01"
dev_id = "dev01"
"""


def problems_of(directory: Path) -> list[str]:
    """Give the problems of a directory that must have some, with the directory's name cut off."""
    with pytest.raises(MerchantFileError) as caught:
        load_merchants(directory)
    return [problem.removeprefix(f"{directory}").lstrip("/") for problem in caught.value.problems]


def test_a_file_a_merchant(tmp_path: Path) -> None:
    """Each TOML file is the merchant it is named after; other and hidden files do not count."""
    (tmp_path / "0010000001.toml").write_text(GOOD)
    (tmp_path / "0010000002.toml").write_text(GOOD + 'encrypt = true\nnotify_url = "http://n/x?_type=json"\n')
    (tmp_path / "..data.toml").write_text("nonsense")
    (tmp_path / "readme.txt").write_text("nonsense")
    merchants = load_merchants(tmp_path)
    assert list(merchants) == ["0010000001", "0010000002"]
    first, second = merchants.values()
    assert (first.merchant_id, first.encrypt, first.notify_url) == ("0010000001", False, None)
    assert (second.encrypt, second.notify_url) == (True, "http://n/x?_type=json")


def test_the_wire_of_a_merchant_can_be_chosen(tmp_path: Path) -> None:
    """Formats and the address of the write-off service are the merchant's; JSON and none unless set."""
    (tmp_path / "1.toml").write_text(GOOD)
    (tmp_path / "2.toml").write_text(
        GOOD + 'write_off_url = "http://h/verify/"\nrequest_format = "xml"\nreply_format = "xml"\n'
    )
    first, second = load_merchants(tmp_path).values()
    assert (first.write_off_url, first.request_format, first.reply_format) == (None, "json", "json")
    assert (second.write_off_url, second.request_format, second.reply_format) == (
        "http://h/verify/",
        "xml",
        "xml",
    )


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    """Neither repr nor str of a merchant holds its key."""
    (tmp_path / "1.toml").write_text(GOOD)
    merchant = load_merchants(tmp_path)["1"]
    assert merchant.key not in repr(merchant) + str(merchant)


def test_unknown_merchant() -> None:
    """Asking for a merchant that is not configured is an error of its own."""
    with pytest.raises(UnknownMerchantError):
        merchant_of({}, "1")


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    """Every problem of every file is one sentence with the file and the setting."""
    (tmp_path / "1.toml").write_text('key = "short"\nbase_url = "http://host/path"\ncolour = 1\n')
    (tmp_path / "2.toml").write_text(GOOD.replace('"oper01"', "7") + 'encrypt = "yes"\nmerchant_id = "3"\n')
    (tmp_path / "3.toml").write_text(
        GOOD + 'write_off_url = "http://h/path"\nrequest_format = "XML"\nreply_format = ""\n'
    )
    (tmp_path / "4.toml").write_text(GOOD + "burst = 0\nerrors_per_minute = 1.5\n")
    (tmp_path / "5.toml").write_text(GOOD + "calls_per_second = 0\nerrors_per_minute = true\n")
    assert problems_of(tmp_path) == [
        "1.toml: colour is not a setting",
        "1.toml: oper_id is missing",
        "1.toml: dev_id is missing",
        "1.toml: key must have at least 8 characters",
        '1.toml: base_url must end in "/": operations are appended to it',
        "2.toml: oper_id must be a text without blanks around it",
        "2.toml: encrypt must be true or false",
        "2.toml: merchant_id must be the file's name (2)",
        '3.toml: write_off_url must end in "/": operations are appended to it',
        "3.toml: request_format must be one of json, xml",
        "3.toml: reply_format must be a text without blanks around it",
        "4.toml: burst must be a whole number from 1 to 10000",
        "4.toml: errors_per_minute must be a whole number from 1 to 10000",
        "4.toml: burst needs calls_per_second",
        "5.toml: calls_per_second must be a number from 0.01 to 10000",
        "5.toml: errors_per_minute must be a whole number from 1 to 10000",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "/path/",
        "http:///",
        "http://h:0/",
        "http://h:x/",
        "http://h/?a=/",
        "http://h/#/",
        "http://嗖/",
    ],
)
def test_base_urls_that_cannot_work(tmp_path: Path, url: str) -> None:
    """A base URL is an http URL whose path can be appended to."""
    (tmp_path / "1.toml").write_text(GOOD.replace("http://127.0.0.1:9000/openGateway/openService/", url))
    assert len(problems_of(tmp_path)) == 1


def test_unreadable_files(tmp_path: Path) -> None:
    """A file that is no TOML is named, and no line of it is quoted."""
    (tmp_path / "1.toml").write_text('key = "SECRET')
    (tmp_path / "2.toml").write_bytes(b"\xff")
    assert problems_of(tmp_path) == [
        "1.toml: is not a TOML file in UTF-8",
        "2.toml: is not a TOML file in UTF-8",
    ]


def test_no_files(tmp_path: Path) -> None:
    """A directory without merchant files is a problem, not an empty set."""
    assert problems_of(tmp_path) == [": there is no merchant file (*.toml)"]
