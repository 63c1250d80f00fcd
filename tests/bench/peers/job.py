"""What a peer is told (by environment), and the gateway request every peer sends for a command."""

from dataclasses import dataclass
import json
import os
import time

from paybus.gateway.signature import sign


@dataclass(frozen=True)
class Job:
    """Where to read commands, where to send them and where to put the results."""

    bootstrap: str
    commands: str
    results: str
    gateway_url: str  # ends in a slash, as the gateway's own addresses do
    merchant_id: str
    merchant_key: str

    @property
    def group(self) -> str:
        """The consumer group: one per commands topic."""
        return f"{self.commands}.group"

    def to_environment(self) -> dict[str, str]:
        """Give the variables that `from_environment` reads."""
        return {f"BENCH_{name.upper()}": value for name, value in vars(self).items()}

    @classmethod
    def from_environment(cls) -> "Job":
        """Read what the benchmark's driver has set."""
        return cls(**{name: os.environ[f"BENCH_{name.upper()}"] for name in cls.__dataclass_fields__})


def signed_pay(
    job: Job, *, charge_code: str, amount_fen: int, auth_code: str, subject: str
) -> tuple[str, bytes]:
    """Return URL and body of one `preOrder` (docs/protocol.md §5.1), as a careful developer writes it."""
    members = {
        "BUSI_ID": job.merchant_id,
        "OPER_ID": "oper01",
        "DEV_ID": "dev01",
        "AMT": f"{amount_fen // 100}.{amount_fen % 100:02}",
        "CHANNEL_TYPE": "0",
        "DYNAMIC_ID_TYPE": "1",
        "DYNAMIC_ID": auth_code,
        "CHARGE_CODE": charge_code,
        "PAY_SUBJECT": subject,
        "NODIFY_URL": "",
    }
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    made = sign(body, key=job.merchant_key, timestamp_ms=time.time_ns() // 1_000_000)
    return f"{job.gateway_url}preOrder?sign={made}&_type=json", body
