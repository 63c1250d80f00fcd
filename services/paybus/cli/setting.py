"""The settings of commands that need less than a service does."""

from pydantic import Field, SecretStr

from paybus.runtime.settings import BusSettings, MerchantSettings


class LedgerSettings(BusSettings):
    """The ledger alone."""

    kafka_bootstrap: str = Field(default="", description="not needed")


class BrokerSettings(BusSettings):
    """The broker alone."""

    database_url: SecretStr = Field(default=SecretStr(""), description="not needed")


class SenderSettings(MerchantSettings):
    """The broker, and the merchants for whom something is asked."""

    database_url: SecretStr = Field(default=SecretStr(""), description="not needed")
