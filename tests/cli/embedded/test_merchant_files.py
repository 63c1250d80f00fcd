"""The made-up merchants: readable by every service, their keys by nobody else."""

from pathlib import Path

from paybus.cli.embedded.merchant_files import MERCHANTS, MerchantFiles
from paybus.gateway.merchant import load_merchants
from paybus.telemetry.redaction import REDACTED, redact_text


def test_the_files_are_merchant_files(tmp_path: Path) -> None:
    """Every service can load them, before and after the addresses are known."""
    files = MerchantFiles.make_up(tmp_path)
    keys = {merchant.merchant_id: merchant.key for merchant in load_merchants(tmp_path).values()}
    files.write(gateway="http://127.0.0.1:8090", notifier="http://127.0.0.1:8080")
    merchants = load_merchants(tmp_path)
    assert {one.merchant_id: one.key for one in merchants.values()} == keys == files.keys
    assert {one.base_url for one in merchants.values()} == {"http://127.0.0.1:8090/openGateway/openService/"}


def test_each_is_called_back_in_another_way(tmp_path: Path) -> None:
    """JSON, XML and 3DES; the path names the merchant, so that his key is known before the body."""
    MerchantFiles.make_up(tmp_path).write(notifier="http://127.0.0.1:8080")
    urls = [merchant.notify_url for merchant in load_merchants(tmp_path).values()]
    assert urls == [
        "http://127.0.0.1:8080/callbacks/0010000001?_type=json",
        "http://127.0.0.1:8080/callbacks/0010000002",
        "http://127.0.0.1:8080/callbacks/0010000003?encrypt=3DES",
    ]
    assert [merchant.encrypt for merchant in load_merchants(tmp_path).values()] == [False, False, True]


def test_keys_are_made_up_anew_and_kept_secret(tmp_path: Path) -> None:
    """No two starts share a key, files are their owner's, and no text of ours shows a key."""
    first, second = MerchantFiles.make_up(tmp_path).keys, MerchantFiles.make_up(tmp_path).keys
    assert not set(first.values()) & set(second.values())
    assert len(second) == len(MERCHANTS)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert redact_text(f"a key: {second['0010000001']}") == f"a key: {REDACTED}"
