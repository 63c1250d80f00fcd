"""How the brokers are reached: PAYBUS_KAFKA_*, the words as in Kafka's own client settings."""

from collections.abc import Iterator
from pathlib import Path
import ssl
from typing import Final, Literal, Self

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from paybus.runtime.kafka import Brokers
from paybus.runtime.tls import FollowingContext, TlsFiles

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

_MECHANISMS: Final[dict[Mechanism, type[SASLPlaintext | SASLScram256 | SASLScram512]]] = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}


class KafkaSettings(BaseSettings):
    """The address, and what the brokers ask of those who connect."""

    kafka_bootstrap: str = Field(
        pattern=r"^(\[[0-9A-Fa-f:]+\]|[^\s,:\[\]/]+):\d{1,5}(,(\[[0-9A-Fa-f:]+\]|[^\s,:\[\]/]+):\d{1,5})*$",
        description="the brokers as host:port, with commas between, such as kafka:9092",
    )
    kafka_security_protocol: Protocol = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: Mechanism = Field(
        default="SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str = Field(default="", description="who we are, where the protocol has SASL")
    kafka_sasl_password: SecretStr = Field(default=SecretStr(""), description="the password of that name")
    kafka_ca_file: Path | None = Field(
        default=None, description="a PEM file with whom we trust to know the brokers, else the system's"
    )
    kafka_certificate_file: Path | None = Field(
        default=None, description="a PEM file with our own certificate, where the brokers ask for one"
    )
    kafka_key_file: Path | None = Field(default=None, description="a PEM file with the key of it")
    kafka_key_password: SecretStr = Field(default=SecretStr(""), description="what that key is locked with")

    @model_validator(mode="after")
    def _check_security(self) -> Self:
        """Raise ValueError, a whole sentence, for settings that contradict each other."""
        for problem in self._problems():
            raise ValueError(problem)
        return self

    @property
    def brokers(self) -> Brokers:
        """The brokers, with everything that a client needs to connect; raises OSError for a TLS file."""
        return Brokers(self.kafka_bootstrap, self._security())

    @property
    def kafka_secrets(self) -> tuple[str, ...]:
        """The passwords, for the log to leave out."""
        return self.kafka_sasl_password.get_secret_value(), self.kafka_key_password.get_secret_value()

    def _problems(self) -> Iterator[str]:
        sasl, tls = self._has_sasl, self._has_tls
        named = bool(self.kafka_sasl_username and self.kafka_sasl_password.get_secret_value())
        if sasl and not named:
            yield (
                "PAYBUS_KAFKA_SASL_USERNAME and PAYBUS_KAFKA_SASL_PASSWORD are missing: "
                f"{self.kafka_security_protocol} needs both."
            )
        if named and not sasl:
            yield "PAYBUS_KAFKA_SECURITY_PROTOCOL has no SASL: write SASL_SSL, or take the password away."
        files = self.kafka_ca_file or self.kafka_certificate_file or self.kafka_key_file
        if files and not tls:
            yield "PAYBUS_KAFKA_SECURITY_PROTOCOL has no TLS: write SSL or SASL_SSL, or take the files away."
        if (self.kafka_certificate_file is None) != (self.kafka_key_file is None):
            yield "PAYBUS_KAFKA_CERTIFICATE_FILE and PAYBUS_KAFKA_KEY_FILE belong together: write both."

    def _security(self) -> BaseSecurity | None:
        context = self._context() if self._has_tls else None
        if self._has_sasl:
            security = _MECHANISMS[self.kafka_sasl_mechanism]
            return security(
                self.kafka_sasl_username, self.kafka_sasl_password.get_secret_value(), ssl_context=context
            )
        return None if context is None else BaseSecurity(ssl_context=context)

    def _context(self) -> ssl.SSLContext:
        return FollowingContext(
            TlsFiles(
                authority=self.kafka_ca_file,
                certificate=self.kafka_certificate_file,
                key=self.kafka_key_file,
                key_password=self.kafka_key_password.get_secret_value(),
            )
        )

    @property
    def _has_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL_")

    @property
    def _has_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")
