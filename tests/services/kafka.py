"""A single Apache Kafka broker for the tests, run from the jars its project publishes."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.services.certificates import make_certificates
from tests.services.process import (
    ServerFailedError,
    ServerProcess,
    SystemLacksError,
    accepts_connections,
    free_port,
)

if TYPE_CHECKING:
    from tests.services.certificates import Certificates

VERSION = "4.3.1"
JAVA_AT_LEAST = 17
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_HOW = "apt-get install -y --no-install-recommends default-jre-headless maven   (or: scripts/ensure-system)"

# slf4j-simple has to be of the slf4j-api that this Kafka brings.
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>fenghuo</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""

# Short sessions and small internal topics, so that a restart costs seconds; what is acknowledged is kept.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners={listeners},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
ssl.keystore.type=PEM
ssl.keystore.location={certificates.server}
ssl.truststore.type=PEM
ssl.truststore.location={certificates.authority}
listener.name.ssl.ssl.client.auth=required
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.recovery.threads.per.data.dir=2
"""

_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"

USER, PASSWORD = "fenghuo", "let the worker in"
"""Who is let in at the listener SASL_SSL, by each mechanism."""


def cache_directory() -> Path:
    """Where the jars are kept between sessions: `$FENGHUO_CACHE`, else the user's cache."""
    kept = os.environ.get("FENGHUO_CACHE") or Path.home() / ".cache" / "fenghuo"
    return Path(kept).absolute() / f"kafka-{VERSION}"


def java() -> str:
    """The Java runtime, recent enough for this Kafka."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None) or shutil.which("java")
    if found is None:
        msg = f"Kafka {VERSION} needs a Java runtime (>= {JAVA_AT_LEAST}), none is installed: {_HOW}"
        raise SystemLacksError(msg)
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_AT_LEAST:
        is_ = version[1] if version else said[:80]
        msg = f"Kafka {VERSION} needs a Java runtime >= {JAVA_AT_LEAST}, {found} is {is_}: {_HOW}"
        raise SystemLacksError(msg)
    return found


def jars() -> Path:
    """The directory of Kafka's jars, filled once per machine; never seen half full."""
    kept = cache_directory()
    if kept.is_dir():
        return kept
    maven = shutil.which("mvn")
    if maven is None:
        msg = f"Kafka {VERSION} is not in {kept} and Maven, which fetches it, is not installed: {_HOW}"
        raise SystemLacksError(msg)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=kept.parent) as fetching:
        _fetch(maven, Path(fetching))
        try:
            (Path(fetching) / "jars").rename(kept)
        except OSError:
            if not kept.is_dir():  # else another session was first
                raise
    return kept


def _fetch(maven: str, into: Path) -> None:
    (into / "pom.xml").write_text(_POM)
    done = subprocess.run(
        [maven, "-B", "-q", "-ntp", "-C", _COPY, "-DincludeScope=runtime", "-DoutputDirectory=jars"],
        cwd=into,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        msg = f"Maven could not fetch Kafka {VERSION}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise SystemLacksError(msg)


class KafkaServer(ServerProcess):
    """One KRaft node, broker and controller in one, topics made only on demand of somebody who says so."""

    name = "kafka"

    def __init__(self, *, heap: str = "512m") -> None:
        super().__init__()
        self._controller = free_port()
        self._sasl, self._tls = free_port(), free_port()
        self._certificates: Certificates | None = None
        self._heap = heap

    @property
    def bootstrap(self) -> str:
        """`host:port`, as clients want it; the same after a restart."""
        return f"127.0.0.1:{self.port}"

    @property
    def sasl_bootstrap(self) -> str:
        """Where TLS is spoken, and a password asked for."""
        return f"127.0.0.1:{self._sasl}"

    @property
    def tls_bootstrap(self) -> str:
        """Where TLS is spoken, and a certificate asked for."""
        return f"127.0.0.1:{self._tls}"

    @property
    def certificates(self) -> Certificates:
        """Whom to trust, and what a client shows, at the two listeners with TLS."""
        assert self._certificates is not None, "the server was not started"
        return self._certificates

    def _java(self, *arguments: str) -> list[str]:
        options = [
            f"-Xmx{self._heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1" if arguments[0].endswith("StorageTool") else "-XX:+TieredCompilation",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        return [java(), *options, "-cp", f"{jars()}/*", *arguments]

    def command(self) -> list[str]:
        """Kafka in the foreground."""
        return self._java("kafka.Kafka", str(self.directory / "server.properties"))

    def prepare(self) -> None:
        """Write the properties and format the log directory for a quorum of one."""
        storage_format = self._java("kafka.tools.StorageTool", "format", "--standalone")
        properties = self.directory / "server.properties"
        self._certificates = make_certificates(self.directory / "certificates")
        places = (("PLAINTEXT", self.port), ("SASL_SSL", self._sasl), ("SSL", self._tls))
        properties.write_text(
            _PROPERTIES.format(
                listeners=",".join(f"{name}://127.0.0.1:{port}" for name, port in places),
                controller=self._controller,
                data=self.directory / "data",
                certificates=self._certificates,
                user=USER,
                password=PASSWORD,
                scram=_SCRAM,
            )
        )
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            [
                *storage_format,
                f"--cluster-id={cluster}",
                f"--config={properties}",
                f"--add-scram=SCRAM-SHA-512=[name={USER},password={PASSWORD}]",
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            msg = f"Kafka could not format its storage:\n{done.stdout}{done.stderr}"
            raise ServerFailedError(msg)

    def is_ready(self) -> bool:
        """Whether an admin client gets an answer that names this broker."""
        if not accepts_connections(self.port):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        except KafkaError:
            return False
        try:
            return len(admin.describe_cluster()["brokers"]) == 1
        except KafkaError:
            return False
        finally:
            admin.close()
