"""The settings of commands that need less than a service does."""

from pathlib import Path

from pydantic import Field, SecretStr

from paybus.runtime.settings import BusSettings


class LedgerSettings(BusSettings):
    """The ledger alone."""

    kafka_bootstrap: str = Field(default="", description="not needed")


class BrokerSettings(BusSettings):
    """The broker alone."""

    database_url: SecretStr = Field(default=SecretStr(""), description="not needed")


class SenderSettings(BrokerSettings):
    """The broker, and the merchants for whom something may be asked, if they are known here."""

    merchants_directory: Path | None = Field(default=None, description="the directory of merchant files")
