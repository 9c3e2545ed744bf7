"""Kafka that asks who we are: let in with what it knows; turned away with the setting that is to be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from streams import access
from streams.errors import AccessRefused
from streams.settings import StreamSettings
from tests.services.kafka import PASSWORD, USER
from tests.services.process import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.kafka import KafkaServer

pytestmark = pytest.mark.kafka


@pytest.fixture
def sasl(kafka: KafkaServer, tmp_path: Path) -> StreamSettings:
    """A password over TLS, as it should be."""
    return StreamSettings(
        broker=f"kafka://{kafka.sasl_bootstrap}",
        county="330723",
        data_dir=str(tmp_path),
        security_protocol="SASL_SSL",
        sasl_username=USER,
        sasl_password=PASSWORD,
        ssl_cafile=str(kafka.certificates.authority),
    )


@pytest.fixture
def tls(kafka: KafkaServer, sasl: StreamSettings) -> StreamSettings:
    """A certificate over TLS, as it should be."""
    return replace(
        sasl,
        broker=f"kafka://{kafka.tls_bootstrap}",
        security_protocol="SSL",
        ssl_certfile=str(kafka.certificates.client),
        ssl_keyfile=str(kafka.certificates.client_key),
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_let_in_with_each_mechanism(sasl: StreamSettings, mechanism: str) -> None:
    """The right password, and the authority that has signed the broker's certificate."""
    await access.ask(replace(sasl, sasl_mechanism=mechanism))


async def test_let_in_with_a_certificate(tls: StreamSettings) -> None:
    """The broker knows who has signed it."""
    await access.ask(tls)


def said(settings: StreamSettings) -> str:
    """Why the broker refuses, with nothing secret in it."""
    with pytest.raises(AccessRefused) as refused:
        access.check(settings)
    text = str(refused.value)
    assert PASSWORD not in text
    assert "not the password" not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password(sasl: StreamSettings, mechanism: str) -> None:
    """Both settings, the broker and the user are named; the password is not."""
    wrong = replace(sasl, sasl_password="not the password", sasl_mechanism=mechanism)
    [address] = wrong.bootstrap
    assert said(wrong) == (
        f"kafka.sasl_username, kafka.sasl_password：消息服务器 {address} 不接受用户 'fenghuo' 及其密码（{mechanism}），"
        "请核对用户名和密码"
        f" / kafka.sasl_username, kafka.sasl_password: the broker {address} refused user 'fenghuo' with its password"
        f" ({mechanism}), expected a user that it knows"
    )


def test_a_certificate_that_nobody_here_trusts(sasl: StreamSettings) -> None:
    """Without the authority's file, as on the first day."""
    [address] = sasl.bootstrap
    assert said(replace(sasl, ssl_cafile="")) == (
        f"kafka.ssl_cafile：消息服务器 {address} 的证书不受信任（unable to get local issuer certificate），"
        "应为签发该证书的机构的证书文件（PEM）"
        f" / kafka.ssl_cafile: the certificate of the broker {address} is not trusted"
        " (unable to get local issuer certificate), expected a file (PEM) of who has signed it"
    )


def wrong(name: str, sasl: StreamSettings, tls: StreamSettings, kafka: KafkaServer) -> StreamSettings:
    """Settings with one mistake."""
    changes: dict[str, tuple[StreamSettings, dict[str, Any]]] = {
        "another name": (sasl, {"broker": sasl.broker.replace("127.0.0.1", "localhost")}),
        "no certificate of ours": (tls, {"ssl_certfile": "", "ssl_keyfile": ""}),
        "a password where a certificate is asked for": (sasl, {"broker": tls.broker}),
        "no password where one is asked for": (sasl, {"security_protocol": "SSL"}),
        "no TLS": (sasl, {"security_protocol": "SASL_PLAINTEXT"}),
        "nothing of it": (sasl, {"security_protocol": "PLAINTEXT"}),
        "a password where none is asked for": (
            sasl, {"broker": f"kafka://{kafka.bootstrap}", "security_protocol": "SASL_PLAINTEXT"},
        ),
        "a mechanism that it has not": (sasl, {"sasl_mechanism": "SCRAM-SHA-256"}),
        "no such file": (sasl, {"ssl_cafile": "/nowhere/authority.pem"}),
        "a file that is none": (sasl, {"ssl_cafile": __file__}),
        "a key that is none": (tls, {"ssl_keyfile": __file__}),
    }  # fmt: skip
    settings, change = changes[name]
    return replace(settings, **change)


@pytest.mark.parametrize(
    ("mistake", "names"),
    [
        ("another name", "broker: the certificate of localhost"),
        ("no certificate of ours", "kafka.ssl_certfile, kafka.ssl_keyfile: the broker"),
        ("a password where a certificate is asked for", "kafka.ssl_certfile, kafka.ssl_keyfile: the broker"),
        ("no password where one is asked for", "kafka.security_protocol: got SSL, expected"),
        ("no TLS", "kafka.security_protocol: got SASL_PLAINTEXT, expected"),
        ("nothing of it", "kafka.security_protocol: got PLAINTEXT, expected"),
        ("a password where none is asked for", "kafka.security_protocol: got SASL_PLAINTEXT, expected"),
        ("a mechanism that it has not", "kafka.sasl_mechanism: got SCRAM-SHA-256, expected"),
        ("no such file", "kafka.ssl_cafile: got /nowhere/authority.pem (No such file or directory), expected"),
        ("a file that is none", f"kafka.ssl_cafile: got {__file__}"),
        ("a key that is none", "kafka.ssl_certfile, kafka.ssl_keyfile: got"),
    ],
)
def test_every_mistake_names_its_setting(
    sasl: StreamSettings, tls: StreamSettings, kafka: KafkaServer, mistake: str, names: str
) -> None:
    """In both languages, Chinese first."""
    text = said(wrong(mistake, sasl, tls, kafka))
    zh, _, en = text.partition(" / ")
    assert en.startswith(names)
    assert zh.startswith(names.partition(":")[0] + "：")


async def test_a_broker_that_is_away_is_not_a_mistake(sasl: StreamSettings) -> None:
    """Who needs it waits for it."""
    await access.ask(replace(sasl, broker=f"kafka://127.0.0.1:{free_port()}"))
    await access.ask(replace(sasl, broker=f"kafka://127.0.0.1:{free_port()},{sasl.bootstrap[0]}"))
