"""The sandbox's settings, read once from PAYBUS_SANDBOX_* (docs/sandbox.md)."""

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import DirectoryPath, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from paybus.gateway.errors import MerchantFileError
from paybus.gateway.merchant import load_merchants
from paybus.sandbox.books import BookRules
from paybus.sandbox.callbacks import CallbackRules
from paybus.sandbox.customer import Habits
from paybus.sandbox.fault import Fault
from paybus.sandbox.fault_settings import FaultSettings, Milliseconds, Rate, Spread
from paybus.sandbox.gateway import Conditions

PREFIX: Final = "PAYBUS_SANDBOX_"

_Seconds = Annotated[float, Field(gt=0, le=86_400)]  # a day: no test and no demonstration lasts longer


class SettingsError(Exception):
    """Settings that cannot be used; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """One variable each, `PAYBUS_SANDBOX_` and the name in upper case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    merchants_directory: DirectoryPath
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8090
    port_file: Path | None = None
    seed: int = 0
    duplicate_detection: bool = True
    max_orders: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000_000  # about 1.5 KB each

    latency_ms: Milliseconds = 0
    latency_spread: Spread = 0
    tail_rate: Rate = 0
    tail_ms: Milliseconds = 0
    query_latency_ms: Milliseconds = 0
    query_lag_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0
    magic: bool = True
    decline_rate: Rate = 0
    lost_answer_rate: Rate = 0
    duplicate_callback_rate: Rate = 0

    customer_pays_after_seconds: _Seconds | None = None
    customer_spread: Spread = 0
    scan_expires_after_seconds: _Seconds = 80
    order_expires_after_seconds: _Seconds = 7200
    revocation_seconds: _Seconds = 1

    callback_after_scan: bool = False
    callback_interval_seconds: _Seconds = 5
    callback_repetitions: Annotated[int, Field(ge=0, le=1000)] = 30
    callback_hosts: str = ""
    callbacks_at_once: Annotated[int, Field(ge=1, le=10_000)] = 500  # file descriptors

    def conditions(self) -> Conditions:
        """Give what the gateway is told; raises SettingsError for merchant files that cannot be used."""
        try:
            merchants = load_merchants(self.merchants_directory)
        except MerchantFileError as error:
            raise SettingsError(
                [f"{PREFIX}MERCHANTS_DIRECTORY: {problem}" for problem in error.problems]
            ) from None
        return Conditions(
            merchants=merchants,
            seed=self.seed,
            faults=self._faults(),
            book_rules=BookRules(self.duplicate_detection, self.max_orders),
            habits=self._habits(),
            callback_rules=self._callback_rules(),
            revocation_seconds=self.revocation_seconds,
        )

    def _faults(self) -> FaultSettings:
        rates = {
            Fault.DECLINE: self.decline_rate,
            Fault.LOST_ANSWER: self.lost_answer_rate,
            Fault.CALLBACK_DUPLICATE: self.duplicate_callback_rate,
        }
        try:
            return FaultSettings(
                latency_ms=self.latency_ms,
                latency_spread=self.latency_spread,
                tail_rate=self.tail_rate,
                tail_ms=self.tail_ms,
                query_latency_ms=self.query_latency_ms,
                query_lag_seconds=self.query_lag_seconds,
                magic=self.magic,
                rates={fault: rate for fault, rate in rates.items() if rate},
            )
        except ValidationError as error:
            raise SettingsError([f"{PREFIX}*_RATE: {detail['msg']}" for detail in error.errors()]) from None

    def _habits(self) -> Habits:
        return Habits(
            pays_after_seconds=self.customer_pays_after_seconds,
            spread=self.customer_spread,
            scan_expires_after_seconds=self.scan_expires_after_seconds,
            order_expires_after_seconds=self.order_expires_after_seconds,
            callback_after_scan=self.callback_after_scan,
        )

    def _callback_rules(self) -> CallbackRules:
        return CallbackRules(
            interval_seconds=self.callback_interval_seconds,
            repetitions=self.callback_repetitions,
            hosts=frozenset(host.strip() for host in self.callback_hosts.split(",") if host.strip()),
            most_at_once=self.callbacks_at_once,
        )


def read_settings() -> Settings:
    """Read the environment; raises SettingsError with one sentence for each that is missing or wrong."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    problems = [f"{name} is not a setting of the sandbox" for name in unknown]
    try:
        settings = Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        problems += [_sentence(str(detail["loc"][0]), detail["msg"]) for detail in error.errors()]
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _sentence(name: str, message: str) -> str:
    variable = PREFIX + name.upper()
    return f"{variable} is missing" if message == "Field required" else f"{variable}: {message}"
