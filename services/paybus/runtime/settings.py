"""The settings of a service: environment variables that begin with PAYBUS_, read once in `__main__`.

    Settings            every service: HTTP, log, stopping
    └── BusSettings         + the ledger and the broker (exporter, with its merchant groups)
        └── MerchantSettings    + the merchants and where the gateway calls back (notifier)
            └── WorkerSettings      + calls to the gateway, and who owns an operation (pay, refund, cancel,
                                      reconciler)

A service names the class it needs, and with it what must be there. An empty variable counts as missing.
No text made here holds a value: it could be a password.
"""

from collections.abc import Callable
from pathlib import Path
import sys
from typing import Annotated, Any, NoReturn, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from paybus.gateway.engine import EngineName
from paybus.gateway.errors import MerchantFileError, ProfileFileError
from paybus.gateway.merchants import Merchants
from paybus.gateway.profile import Profile
from paybus.gateway.profile_file import ProfileFile
from paybus.runtime.kafka_settings import KafkaSettings
from paybus.runtime.merchant_news import MerchantNews
from paybus.runtime.profile_news import ProfileNews
from paybus.telemetry.log import Format, Level
from paybus.telemetry.redaction import register_secret
from paybus.telemetry.seam import parse

PREFIX = "PAYBUS_"
WRONG_SETTINGS = 2
"""The exit code of a service that was set up wrongly: starting it again does not help."""


def _number(default: float, least: float, most: float, *, meaning: str) -> Any:
    whole = "whole " if isinstance(default, int) else ""
    return Field(default, ge=least, le=most, description=f"a {whole}number from {least} to {most}: {meaning}")


def _seam(text: str) -> str:
    parse(text)
    return text


def _ledger_url(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in {"postgres", "postgresql"} and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("not a PostgreSQL URL")
    return url


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or set(url) & set("?# "):
        raise ValueError("not an http URL")
    return url.rstrip("/")


class Settings(BaseSettings):
    """What every service needs to run; everything has a default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    http_host: str = Field(
        default="127.0.0.1", description="the address to listen on: 0.0.0.0 in a container"
    )
    http_port: int = _number(
        0, 0, 65535, meaning="the port of /live, /ready and /metrics; 0 takes a free one"
    )
    http_port_file: Path | None = Field(
        default=None, description="a file that gets the port as text when the service listens"
    )
    log_level: Level = Field(default="info", description="debug, info, warning or error")
    log_format: Format = Field(default="json", description="json (one object a line) or console (for people)")
    seam: Annotated[str, AfterValidator(_seam)] | None = Field(
        default=None, description="nothing: it is for proofs, and kills the process at a seam"
    )
    grace_seconds: float = _number(
        # Between them a pay's connect and read timeout, and time to write down its outcome.
        100.0, 0.0, 600.0,
        meaning="how long a stop waits for calls in flight; the container must be given 20 s more",
    )  # fmt: skip


class BusSettings(KafkaSettings, Settings):
    """Where the ledger and the broker are."""

    database_url: Annotated[SecretStr, AfterValidator(_ledger_url)] = Field(
        description="the ledger's address, such as postgresql://user:password@host:5432/paybus"
    )
    topic_prefix: str = Field(
        default="paybus",
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$",  # Kafka's letters; 249 in a whole topic name
        description="letters, digits, dot, dash and underscore, 100 at most: topic names begin with it",
    )


class MerchantSettings(BusSettings):
    """Whom we act for."""

    merchants_directory: Path = Field(description="the directory that holds one TOML file a merchant")
    notify_base_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        default=None, description="the http URL under which the gateway reaches the notifier"
    )


class WorkerSettings(MerchantSettings):
    """How operations are carried out; seconds are database time where they decide who owns what."""

    profile: Path | None = Field(
        default=None, description="a TOML file that says what the gateway's return codes mean"
    )
    gateway_engine: EngineName = Field(default="pyreqwest", description="pyreqwest (for load) or httpcore")
    gateway_connect_seconds: float = _number(
        3.0, 0.1, 30.0, meaning="how long to wait for a connection to the gateway"
    )
    gateway_pay_seconds: float = _number(
        # The gateway holds a pay for up to 80 s while the customer types a PIN.
        90.0, 1.0, 300.0, meaning="how long to wait for the answer to a pay"
    )  # fmt: skip
    gateway_other_seconds: float = _number(15.0, 1.0, 300.0, meaning="how long to wait for any other answer")
    in_flight: int = _number(
        # At 50 ms a call, 1 000 are 20 000 calls a second; 10 000 is more sockets than most hosts open.
        1_000, 1, 10_000, meaning="how many calls to the gateway one process makes at once"
    )  # fmt: skip
    max_open: int = _number(
        # About 10 KB each: 100 MB at the default; the rest of a backlog waits in Kafka.
        10_000, 1, 100_000, meaning="how many operations without outcome a process takes on"
    )  # fmt: skip
    batch_records: int = _number(
        # One transaction: long enough to share its fsync, short enough to end in 100 ms.
        500, 1, 5_000, meaning="how many commands are accepted in one transaction"
    )  # fmt: skip
    command_expiry_seconds: float = _number(
        # A customer's payment code is good for about a minute; the gateway's own rule is 80 s.
        80.0, 1.0, 3_600.0, meaning="the age after which a barcode pay is no longer sent"
    )  # fmt: skip
    pay_wait_seconds: float = _number(
        60.0, 0.0, 86_400.0, meaning="how long a refund or cancel waits for a pay that never came"
    )
    heartbeat_seconds: float = _number(1.0, 0.1, 10.0, meaning="how often a worker says that it lives")
    fence_seconds: float = _number(
        # Three lost heartbeats; the rest of the lease is for a call that is just being sent.
        3.5, 0.2, 50.0, meaning="how long after its last heartbeat a worker still sends"
    )  # fmt: skip
    lease_seconds: float = _number(
        # With the look of others every second, operations of a dead worker are taken over within 10 s.
        5.0, 0.5, 60.0, meaning="how long after its last heartbeat a worker counts as dead"
    )  # fmt: skip
    breaker_failures: int = _number(
        # Single requests do get lost; ten in a row with no answer between them are the gateway itself.
        10, 1, 1_000, meaning="how many requests in a row fail before a gateway is left alone for a while"
    )  # fmt: skip
    breaker_longest_seconds: float = _number(
        # Well under the 80 s for which a scanned code is good; two probes a minute are no burden.
        30.0, 0.1, 600.0, meaning="the longest pause between two probes of a gateway that does not answer"
    )  # fmt: skip
    query_lag_seconds: float = _number(
        3.0, 0.0, 60.0, meaning="how long the gateway may not yet know a payment that it took"
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Raise ValueError, a whole sentence, for settings that contradict each other."""
        if not self.heartbeat_seconds < self.fence_seconds < self.lease_seconds:
            names = f"{PREFIX}HEARTBEAT_SECONDS, {PREFIX}FENCE_SECONDS and {PREFIX}LEASE_SECONDS"
            raise ValueError(f"{names} must grow in this order: write such as 1, 3.5 and 5.")
        if self.max_open < self.in_flight:
            raise ValueError(f"{PREFIX}MAX_OPEN must not be below {PREFIX}IN_FLIGHT: write the same or more.")
        return self


AnySettings = TypeVar("AnySettings", bound=Settings)


def load_settings(kind: type[AnySettings]) -> AnySettings:
    """Read the settings of *kind* from the environment and register the ledger's password as a secret.

    If any is missing or wrong, says on stderr in one sentence each what to write, and exits with code 2.
    """
    try:
        settings = kind()
    except ValidationError as error:
        refuse_to_start([_sentence(kind, detail) for detail in error.errors(include_url=False)])
    if isinstance(settings, BusSettings):
        password = urlsplit(settings.database_url.get_secret_value()).password or ""
        for secret in (unquote(password), password, *settings.kafka_secrets):
            register_secret(secret)
        _check_files_of(settings)
    return settings


def read_merchants(settings: MerchantSettings) -> Merchants:
    """Load the merchants, by id, and register their keys as secrets; exits like `load_settings`.

    What changes in their files later is noticed, logged, and counts from then on.
    """
    try:
        merchants = Merchants(settings.merchants_directory, MerchantNews())
    except MerchantFileError as error:
        refuse_to_start([f"{PREFIX}MERCHANTS_DIRECTORY: {problem}." for problem in error.problems])
    for merchant in merchants.values():
        register_secret(merchant.key)
    return merchants


def read_profile(settings: WorkerSettings) -> Callable[[], Profile]:
    """Load the gateway's profile, to be followed while the service runs; exits like `load_settings`."""
    if settings.profile is None:
        return Profile
    try:
        return ProfileFile(settings.profile, ProfileNews())
    except ProfileFileError as error:
        refuse_to_start([f"{PREFIX}PROFILE: {problem}." for problem in error.problems])


def _check_files_of(settings: KafkaSettings) -> None:
    """Refuse now what would fail when the first client connects."""
    try:
        _ = settings.brokers
    except OSError as error:
        names = ", ".join(f"{PREFIX}KAFKA_{name}" for name in ("CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"))
        refuse_to_start(
            [f"{names}: a file of them cannot be used ({error.strerror or type(error).__name__})."]
        )


def refuse_to_start(sentences: list[str]) -> NoReturn:
    """Print *sentences* on stderr, one a line, and exit with code 2."""
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences))
    raise SystemExit(WRONG_SETTINGS)


def _sentence(kind: type[Settings], detail: ErrorDetails) -> str:
    """Say what is wrong with one setting; pydantic's own text could quote the value."""
    if not detail["loc"]:
        return str(detail["ctx"]["error"])  # of `_check_together`
    name = str(detail["loc"][0])
    problem = "is missing" if detail["type"] == "missing" else "cannot be used"
    return f"{PREFIX}{name.upper()} {problem}: write {kind.model_fields[name].description}."
