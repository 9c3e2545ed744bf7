"""What Faust and the Kafka clients are told."""

from __future__ import annotations

import ssl

import faust
import pytest
from faust.types.auth import AuthProtocol

from streams.settings import StreamSettings


def settings(**changes: object) -> StreamSettings:
    told = {"broker": "kafka://one:9092,two", "county": "330723", "data_dir": "var", **changes}
    return StreamSettings(**told)  # type: ignore[arg-type]


def test_addresses() -> None:
    """Several servers, with Kafka's own port where none is named."""
    assert settings().bootstrap == ["one:9092", "two:9092"]
    assert settings().faust_settings()["broker"] == ["kafka://one:9092", "kafka://two:9092"]


@pytest.mark.parametrize("broker", ["kafka://", "amqp://one", "one:9092", "kafka://one,,two"])
def test_a_wrong_address_is_named(broker: str) -> None:
    """With what was got and what was expected."""
    with pytest.raises(ValueError, match=r"broker: got .*, expected kafka://host:port or sqlite:////"):
        assert settings(broker=broker).bootstrap


def test_plain() -> None:
    """No security unless it is asked for."""
    assert settings().client_settings() == {
        "bootstrap_servers": ["one:9092", "two:9092"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }
    assert settings().faust_settings()["broker_credentials"] is None


def test_passwords_over_tls() -> None:
    """SASL_SSL reaches all three clients, and the password no representation."""
    told = settings(
        security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-256", sasl_username="u", sasl_password="secret"
    )
    client = told.client_settings()
    assert (client["sasl_mechanism"], client["sasl_plain_username"]) == ("SCRAM-SHA-256", "u")
    assert client["sasl_plain_password"] == "secret"
    assert isinstance(client["ssl_context"], ssl.SSLContext)
    credentials = told.faust_settings()["broker_credentials"]
    assert isinstance(credentials, faust.SASLCredentials)
    assert credentials.protocol is AuthProtocol.SASL_SSL
    assert credentials.mechanism.value == "SCRAM-SHA-256"
    assert "secret" not in repr(told)


def test_tls_alone() -> None:
    """SSL without a password."""
    credentials = settings(security_protocol="SSL").faust_settings()["broker_credentials"]
    assert isinstance(credentials, faust.SSLCredentials)


def test_a_worker_on_kafka_is_a_static_member() -> None:
    """Under its id, so that it is back at work in seconds; on a file there are no members."""
    told = settings(worker_id="w7").faust_settings()
    assert told["consumer_group_instance_id"] == "fenghuo-w7"
    assert "consumer_group_instance_id" not in settings(broker="sqlite:////b.db").faust_settings()
    for made in (told, settings(broker="sqlite:////b.db").faust_settings()):
        assert (made["producer_linger"], made["producer_acks"]) == (0, -1)
        assert (made["table_standby_replicas"], made["topic_disable_leader"]) == (0, True)
        assert made["web_enabled"] is False
