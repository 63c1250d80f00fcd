"""Made-up merchants for the sandbox: each is called back in another of the protocol's ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import secrets
from typing import Final

from paybus.telemetry.redaction import register_secret

NOWHERE: Final = "http://127.0.0.1:1"
"""An address at which nobody answers: stands in files until the real one is known."""

GATEWAY_PATH: Final = "/openGateway/openService/"


@dataclass(frozen=True, slots=True)
class MadeUpMerchant:
    """A merchant of the sandbox. `callback_query` is what its NODIFY_URL asks for (docs/protocol.md §6)."""

    merchant_id: str
    encrypt: bool
    callback_query: str


MERCHANTS: Final = (
    MadeUpMerchant("0010000001", encrypt=False, callback_query="?_type=json"),
    MadeUpMerchant("0010000002", encrypt=False, callback_query=""),  # XML
    MadeUpMerchant("0010000003", encrypt=True, callback_query="?encrypt=3DES"),
)


@dataclass(frozen=True, slots=True)
class MerchantFiles:
    """The files of *merchants* in *directory*, with keys that exist nowhere else."""

    directory: Path
    keys: dict[str, str]

    @classmethod
    def make_up(cls, directory: Path, merchants: Sequence[MadeUpMerchant] = MERCHANTS) -> "MerchantFiles":
        """Choose keys and write the files, with addresses at which nobody answers yet."""
        keys = {merchant.merchant_id: secrets.token_hex(16) for merchant in merchants}
        for key in keys.values():
            register_secret(key)
        files = cls(directory, keys)
        files.write(merchants)
        return files

    def write(
        self,
        merchants: Sequence[MadeUpMerchant] = MERCHANTS,
        *,
        gateway: str = NOWHERE,
        notifier: str = NOWHERE,
    ) -> None:
        """Write the files; *gateway* and *notifier* are `http://host:port`."""
        for merchant in merchants:
            notify_url = f"{notifier}/callbacks/{merchant.merchant_id}{merchant.callback_query}"
            lines = (
                f'key = "{self.keys[merchant.merchant_id]}"',
                f'base_url = "{gateway}{GATEWAY_PATH}"',
                'oper_id = "oper01"',
                'dev_id = "dev01"',
                f"encrypt = {str(merchant.encrypt).lower()}",
                f'notify_url = "{notify_url}"',
            )
            file = self.directory / f"{merchant.merchant_id}.toml"
            half = file.with_name(f".{file.name}")  # whoever reads the folder passes over hidden files
            half.touch(mode=0o600)
            half.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            half.replace(file)
