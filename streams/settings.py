"""What the streams need to know of an installation, and how Faust and the Kafka clients are told it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import faust

from streams.embedded import embedded_settings, log_path
from streams.errors import AccessRefused
from streams.progress import HEARTBEATS

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """One installation's broker and one worker on it. Times are seconds."""

    broker: str
    """`sqlite:////path/broker.db`, or `kafka://host:port,host:port`."""
    county: str
    """Where a fault that belongs to no county is reported: the site's own."""
    data_dir: str
    worker_id: str = "worker-1"
    group: str = "fenghuo"
    partitions: int = 12
    replication: int = 1
    retention_days: int = 365
    security_protocol: Security = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: str = field(default="", repr=False)
    ssl_cafile: str = ""
    ssl_certfile: str = ""
    ssl_keyfile: str = ""
    commit_interval: float = 0.5
    send_timeout: float = 30.0
    """How long the broker may take to make state and alerts durable before the worker gives up and is restarted."""
    session_timeout: float = 10.0
    tick_every: float = 60.0
    stall_after: float = 60.0
    """How long facts may wait without any being finished before the worker counts as stuck."""
    max_pending: int = 4096
    max_fact_bytes: int = 256 * 1024
    max_entry_bytes: int = 8 * 1024 * 1024

    @property
    def embedded(self) -> bool:
        """Is the broker a file?"""
        return self.broker.startswith("sqlite:")

    @property
    def log_path(self) -> Path:
        """The file of the embedded broker."""
        return log_path(self.broker).absolute()

    @property
    def bootstrap(self) -> list[str]:
        """Kafka's addresses, `host:port` each."""
        scheme, _, rest = self.broker.partition("://")
        hosts = [host.strip().rstrip("/") for host in rest.split(",")]
        if scheme != "kafka" or not all(hosts):
            raise ValueError(f"broker: got {self.broker!r}, expected kafka://host:port or sqlite:////path/broker.db")
        return [host if ":" in host else f"{host}:9092" for host in hosts]

    @property
    def member(self) -> str:
        """The worker's name in the group."""
        return f"{self.group}-{self.worker_id}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context, where the protocol has one. Raises `AccessRefused` for a file that cannot be used."""
        if self.security_protocol not in ("SSL", "SASL_SSL"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile or None)
        except OSError as unusable:
            raise _unusable("kafka.ssl_cafile", self.ssl_cafile, unusable) from None
        if self.ssl_certfile:
            try:
                # Without a password OpenSSL would ask for one at the terminal.
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile or None, password="")
            except OSError as unusable:
                files = f"{self.ssl_certfile}, {self.ssl_keyfile}"
                raise _unusable("kafka.ssl_certfile, kafka.ssl_keyfile", files, unusable) from None
        return context

    def client_settings(self) -> dict[str, Any]:
        """Address and security, as aiokafka and kafka-python both name them."""
        told: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.security_protocol.startswith("SASL"):
            told["sasl_mechanism"] = self.sasl_mechanism
            told["sasl_plain_username"] = self.sasl_username
            told["sasl_plain_password"] = self.sasl_password
        return told

    def faust_settings(self) -> dict[str, Any]:
        """What `faust.App` is told, the same for both brokers but for the broker."""
        told = {
            **embedded_settings(),
            "broker": self.broker,
            "datadir": self.data_dir,
            "autodiscover": False,
            "topic_partitions": self.partitions,
            "topic_replication_factor": self.replication,
            "broker_commit_interval": self.commit_interval,
            "broker_session_timeout": self.session_timeout,
            "broker_heartbeat_interval": self.session_timeout / HEARTBEATS,
            "producer_acks": -1,
            # Below `send_timeout`, so that a slow broker is named by the send and not by the wait for it.
            "producer_request_timeout": self.send_timeout * 0.8,
            "producer_max_request_size": self.max_entry_bytes,
        }
        if self.embedded:
            return told
        told["broker"] = [f"kafka://{host}" for host in self.bootstrap]
        # A static member that comes back is at work in 3 s instead of a whole session.
        told["consumer_group_instance_id"] = self.member
        told["broker_credentials"] = self._credentials()
        return told

    def _credentials(self) -> Any:
        context = self.ssl_context()
        if self.security_protocol.startswith("SASL"):
            return faust.SASLCredentials(
                username=self.sasl_username,
                password=self.sasl_password,
                mechanism=self.sasl_mechanism,
                ssl_context=context,
            )
        return faust.SSLCredentials(context) if context is not None else None


def _unusable(setting: str, files: str, why: OSError) -> AccessRefused:
    said = why.strerror or str(why)
    return AccessRefused(
        setting,
        f"{files} 不能用（{said}），应为 PEM 格式、私钥无密码的文件",
        f"got {files} ({said}), expected files in PEM, a key without a password",
    )
