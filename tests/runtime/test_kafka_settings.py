"""The brokers' settings: what belongs together is given together, and no password is ever shown."""

from pathlib import Path

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram512
from pydantic import ValidationError
import pytest
from tests.kafka.certificates import Authority
from tests.runtime.program import finish, program

from paybus.runtime.settings import BusSettings

WHOLE = {"database_url": "postgresql://paybus@db/paybus", "kafka_bootstrap": "kafka:9092"}
SASL = {"kafka_sasl_username": "pay", "kafka_sasl_password": "open sesame"}


def bus(**values: object) -> BusSettings:
    return BusSettings(**{**WHOLE, **values})  # type: ignore[arg-type]


def test_without_a_word_connections_are_plain() -> None:
    """As everywhere in Kafka, security is asked for."""
    assert bus().brokers.connection("me") == {"bootstrap_servers": "kafka:9092", "client_id": "me"}


def test_a_password_is_sent_over_tls() -> None:
    """SASL_SSL is the usual way: SCRAM-SHA-512 unless another mechanism is named."""
    brokers = bus(kafka_security_protocol="SASL_SSL", **SASL).brokers
    assert isinstance(brokers.security, SASLScram512)
    told = brokers.connection("me")
    assert told.pop("ssl_context").check_hostname
    assert told == {
        "bootstrap_servers": "kafka:9092",
        "client_id": "me",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "pay",
        "sasl_plain_password": "open sesame",
    }


def test_a_mechanism_can_be_named() -> None:
    """PLAIN over an unencrypted line is possible where somebody insists."""
    brokers = bus(kafka_security_protocol="SASL_PLAINTEXT", kafka_sasl_mechanism="PLAIN", **SASL).brokers
    assert isinstance(brokers.security, SASLPlaintext)
    assert brokers.connection("me")["ssl_context"] is None


def test_a_certificate_can_say_who_we_are(tmp_path: Path) -> None:
    """SSL with files: those of the authority, of our certificate and of its key."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("pay")
    files = {
        "kafka_ca_file": authority.file, "kafka_certificate_file": certificate, "kafka_key_file": key
    }  # fmt: skip
    security = bus(kafka_security_protocol="SSL", **files).brokers.security
    assert type(security) is BaseSecurity
    assert security.ssl_context is not None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"kafka_security_protocol": "SASL_SSL"},
            "PAYBUS_KAFKA_SASL_USERNAME and PAYBUS_KAFKA_SASL_PASSWORD",
        ),
        (SASL, "PAYBUS_KAFKA_SECURITY_PROTOCOL has no SASL"),
        ({"kafka_ca_file": "/ca.crt"}, "PAYBUS_KAFKA_SECURITY_PROTOCOL has no TLS"),
        (
            {"kafka_security_protocol": "SSL", "kafka_key_file": "/own.key"},
            "PAYBUS_KAFKA_CERTIFICATE_FILE and PAYBUS_KAFKA_KEY_FILE belong together",
        ),
    ],
)
def test_what_belongs_together_is_given_together(values: dict[str, str], sentence: str) -> None:
    """A password that would never be sent, or a file that nobody reads, is a mistake of whoever wrote it."""
    with pytest.raises(ValidationError) as refused:
        bus(**values)
    [detail] = refused.value.errors()
    assert str(detail["ctx"]["error"]).startswith(sentence)


def test_no_password_is_in_a_repr() -> None:
    """Settings and brokers may be logged."""
    settings = bus(kafka_security_protocol="SASL_SSL", kafka_key_password="sesame too", **SASL)
    assert "sesame" not in repr(settings) + repr(settings.brokers)


def test_a_file_that_cannot_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    """One sentence and code 2; the password that was read is kept out of the log from then on."""
    text = """
    settings = load_settings(BusSettings)
    """
    values = {**WHOLE, **SASL, "kafka_security_protocol": "SASL_SSL", "kafka_ca_file": str(tmp_path / "none")}
    with program(tmp_path, text, values) as process:
        code, _, complained = finish(process)
    assert code == 2
    assert complained == (
        "PAYBUS_KAFKA_CA_FILE, PAYBUS_KAFKA_CERTIFICATE_FILE, PAYBUS_KAFKA_KEY_FILE: "
        "a file of them cannot be used (No such file or directory).\n"
    )
