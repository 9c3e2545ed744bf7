"""Does Kafka let us in? Its clients say "unable to bootstrap", whatever was wrong; here it is asked once, and said."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.errors import AccessRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.settings import StreamSettings

PATIENCE = 5.0
"""Seconds for one address."""
LAST_TURNS = 0.1
"""Seconds that a loop needs to close a connection that was cut while it greeted: aiokafka does not wait for it."""
_OTHER_NAME = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH."""


async def ask(settings: StreamSettings) -> None:
    """Raises `AccessRefused` where the broker is there and turns us away. A broker that is away is not our matter."""
    if settings.embedded:
        return
    refused = None
    for address in settings.bootstrap:
        refused = await _refusal(settings, address)
        if refused is None:
            return
    if refused is not None:
        raise refused


def check(settings: StreamSettings) -> None:
    """The same for who waits for it, with an event loop of its own: the caller's thread may have one that runs."""
    with ThreadPoolExecutor(1) as own:
        own.submit(asyncio.run, ask(settings)).result()


async def _refusal(settings: StreamSettings, address: str) -> AccessRefused | None:
    refused = None
    for _ in range(2):  # a broker that is ending closes connections too, but only once
        try:
            await _greet(settings, address)
        except (KafkaError, TimeoutError, OSError) as failed:
            refused = _explain(settings, address, failed)
            await asyncio.sleep(LAST_TURNS)
        else:
            return None
        if refused is None:
            return None
    return refused


async def _greet(settings: StreamSettings, address: str) -> None:
    """As a client does: connect, show who we are, ask for something."""
    told: dict[str, Any] = settings.client_settings()
    del told["bootstrap_servers"]
    host, _, port = address.rpartition(":")
    connection = await create_conn(host, int(port), request_timeout_ms=int(PATIENCE * 1000), **told)
    try:
        await connection.send(MetadataRequest([]))
    except KafkaConnectionError as cut:
        raise IllegalSaslStateError(f"{address} greets us and then hangs up") from cut
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await connection.close()


def _explain(settings: StreamSettings, address: str, failed: BaseException) -> AccessRefused | None:
    """Which setting is to be looked at; None where it is not the settings."""
    if isinstance(failed, SaslAuthenticationFailed):
        user, how = settings.sasl_username, settings.sasl_mechanism
        return AccessRefused(
            "kafka.sasl_username, kafka.sasl_password",
            f"消息服务器 {address} 不接受用户 {user!r} 及其密码（{how}），请核对用户名和密码",
            f"the broker {address} refused user {user!r} with its password ({how}), expected a user that it knows",
        )
    if isinstance(failed, UnsupportedSaslMechanismError):
        how = settings.sasl_mechanism
        return AccessRefused(
            "kafka.sasl_mechanism",
            f"消息服务器 {address} 不支持 {how}",
            f"got {how}, expected a mechanism that the broker {address} has",
        )
    for cause in _causes(failed):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(address, cause)
        if isinstance(cause, ssl.SSLError) and "CERTIFICATE" in (cause.reason or ""):
            return AccessRefused(
                "kafka.ssl_certfile, kafka.ssl_keyfile",
                f"消息服务器 {address} 不接受我方证书（{cause.reason}）",
                f"the broker {address} refused our certificate ({cause.reason}), expected one that it trusts",
            )
    if _speaks_otherwise(failed):
        protocol = settings.security_protocol
        return AccessRefused(
            "kafka.security_protocol",
            f"消息服务器 {address} 不是以 {protocol} 方式通信，请改为该端口的方式",
            f"got {protocol}, expected what the broker speaks at {address}:"
            " PLAINTEXT | SSL | SASL_PLAINTEXT | SASL_SSL",
        )
    return None


def _speaks_otherwise(failed: BaseException) -> bool:
    """Whether what came back is none of the protocol that was spoken. Silence, or a closed door, does not show it."""
    return any(
        isinstance(cause, (IllegalSaslStateError, ssl.SSLError))
        or (isinstance(cause, asyncio.IncompleteReadError) and bool(cause.partial))
        for cause in _causes(failed)
        if not isinstance(cause, ssl.SSLEOFError)
    )


def _untrusted(address: str, why: ssl.SSLCertVerificationError) -> AccessRefused:
    said = why.verify_message
    if why.verify_code in _OTHER_NAME:
        return AccessRefused(
            "broker",
            f"{address} 的证书不是发给这个名称的（{said}），请使用证书上的名称",
            f"the certificate of {address} is another's ({said}), expected an address that stands in it",
        )
    return AccessRefused(
        "kafka.ssl_cafile",
        f"消息服务器 {address} 的证书不受信任（{said}），应为签发该证书的机构的证书文件（PEM）",
        f"the certificate of the broker {address} is not trusted ({said}), expected a file (PEM) of who has signed it",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
