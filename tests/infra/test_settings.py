"""Settings: one message naming the file, the key, the value and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra import settings

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_file_the_embedded_broker_and_sqlite_beside_it_are_used(tmp_path: Path) -> None:
    """The smallest installation needs no settings at all."""
    found = settings.load(tmp_path / "fenghuo.toml", {})
    assert found.broker == f"sqlite:///{tmp_path}/var/broker.db"
    assert found.database == f"sqlite:///{tmp_path}/var/fenghuo.db"
    assert found.site == f"{tmp_path}/site"


def test_the_environment_overrides_the_file_and_nests_by_two_underscores(tmp_path: Path) -> None:
    """`FENGHUO_KAFKA__PARTITIONS` is `kafka.partitions`."""
    file = tmp_path / "fenghuo.toml"
    file.write_text('broker = "kafka://a:9092"\n[kafka]\npartitions = 3\nreplication = 2\n')
    found = settings.load(file, {"FENGHUO_KAFKA__PARTITIONS": "4", "OTHER": "x"})
    assert (found.broker, found.kafka.partitions, found.kafka.replication) == ("kafka://a:9092", 4, 2)


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("[kafka]\npartitions = 0\n", {}, "{file}: kafka.partitions: got 0, expected `int` >= 1"),
        (
            "",
            {"FENGHUO_KAFKA__SECURITY_PROTOCOL": "TLS"},
            "FENGHUO_KAFKA__SECURITY_PROTOCOL: kafka.security_protocol: got 'TLS', expected "
            "PLAINTEXT | SSL | SASL_PLAINTEXT | SASL_SSL",
        ),
        (
            'broker = "redis://x"',
            {},
            "{file}: broker: got 'redis://x', expected sqlite:///PATH or kafka://HOST:PORT",
        ),
        (
            "",
            {"FENGHUO_DATABASE": "mysql://x"},
            "FENGHUO_DATABASE: database: got 'mysql://x', expected sqlite:///PATH or postgresql://USER@HOST:PORT/NAME",
        ),
        (
            "brokr = 1",
            {},
            "{file}: brokr: got a setting that does not exist, expected a documented one",
        ),
        (
            "[console]\nlisten = '127.0.0.1:8081'",
            {},
            "{file}: metrics.listen: got '127.0.0.1:8081', expected an address other than that of console.listen",
        ),
        (
            "[console]\nlisten = 'here'",
            {},
            "{file}: console.listen: got 'here', expected host:port, e.g. 127.0.0.1:8080",
        ),
        (
            "",
            {"FENGHUO_KAFKA": "x"},
            "FENGHUO_KAFKA: kafka: got 'x', expected `object`",
        ),
        (
            "[twilio]\nauth_token = 3.5",
            {},
            "{file}: twilio.auth_token: got a secret, expected `str`",
        ),
        (
            "[api_keys.office]\nsha256 = 'zz'\nsource = 's'\ncounties = []\nkinds = []",
            {},
            "{file}: api_keys.office.sha256: got a secret, expected the SHA-256 of the key, 64 hex digits",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environment: dict[str, str], said: str) -> None:
    """Whole sentences: where, which key, what was there, what was expected; a secret is never shown."""
    file = tmp_path / "fenghuo.toml"
    file.write_text(text)
    with pytest.raises(settings.BadSettings) as bad:
        settings.load(file, environment)
    assert str(bad.value) == said.format(file=file)


def test_text_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """A broken file is one message too."""
    file = tmp_path / "fenghuo.toml"
    file.write_text("broker = ")
    with pytest.raises(
        settings.BadSettings, match=r"fenghuo\.toml: got text that is not TOML \(.*\), expected a TOML file"
    ):
        settings.load(file, {})
