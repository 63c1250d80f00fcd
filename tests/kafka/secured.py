"""An Apache Kafka that asks who one is: with TLS and a password, or with TLS and a certificate."""

from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from tests.kafka.apache import ApacheKafka, free_port
from tests.kafka.certificates import Authority


class SecuredKafka(ApacheKafka):
    """Beside the plain listener, over which the test itself may do anything, two for everybody else."""

    def __init__(self, folder: Path, *, passwords: Mapping[str, str]) -> None:
        """Know each name in *passwords* (SCRAM-SHA-512); certificates of `authority` are known as well."""
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)
        self._passwords = passwords
        self._password_port, self._certificate_port = free_port(), free_port()
        certificate, key = self.authority.issue("broker")
        self._store = folder / "broker.pem"
        self._store.write_text(key.read_text() + certificate.read_text())

    @property
    def with_password(self) -> str:
        """The address that speaks SASL_SSL."""
        return f"127.0.0.1:{self._password_port}"

    @property
    def with_certificate(self) -> str:
        """The address that speaks SSL, and wants a certificate."""
        return f"127.0.0.1:{self._certificate_port}"

    def allow(
        self,
        user: str,
        rights: Mapping[tuple[ResourceType, str], set[AclOperation]],
        *,
        pattern: ResourcePatternType = ResourcePatternType.PREFIXED,
    ) -> None:
        """Give *user* some operations on the topics, groups and so on that begin with a name, or have it."""
        bindings = [
            AclBinding(kind, name, pattern, f"User:{user}", "*", one, AclPermissionType.ALLOW)
            for (kind, name), operations in rights.items()
            for one in operations
        ]
        admin = self._admin()
        for done in admin.create_acls(bindings).values():
            done.result(timeout=30)

    def _settings(self) -> dict[str, str]:
        plain = super()._settings()
        protocols = "PASSWORD:SASL_SSL,CERTIFICATE:SSL"
        more = f"PASSWORD://{self.with_password},CERTIFICATE://{self.with_certificate}"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return {
            **plain,
            "listeners": f"{plain['listeners']},{more}",
            "advertised.listeners": f"{plain['advertised.listeners']},{more}",
            "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},{protocols}",
            "listener.name.password.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.password.scram-sha-512.sasl.jaas.config": scram,
            "listener.name.certificate.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def _format_options(self) -> list[str]:
        known = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in self._passwords.items()]
        return [option for one in known for option in ("--add-scram", one)]
