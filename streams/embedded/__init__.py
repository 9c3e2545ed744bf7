"""The embedded broker: a log in one SQLite file (`log`), and Faust on top of it (`transport`).

`faust.App("x", broker="sqlite:////var/lib/fenghuo/broker.db", **embedded_settings())` runs agents and tables
without a Kafka. One worker process per file; any number of processes may append (`EmbeddedProducer`).
Four slashes are an absolute path, three a relative one.
"""

from __future__ import annotations

from streams.embedded.append import EmbeddedProducer, Outgoing
from streams.embedded.errors import (
    InvalidRecord,
    LogError,
    PartitionsFixed,
    UnknownTopic,
    WorkerAlreadyRunning,
)
from streams.embedded.log import SqliteLog
from streams.embedded.records import Record, Topic
from streams.embedded.settings import embedded_settings, log_path

__all__ = [
    "EmbeddedProducer",
    "InvalidRecord",
    "LogError",
    "Outgoing",
    "PartitionsFixed",
    "Record",
    "SqliteLog",
    "Topic",
    "UnknownTopic",
    "WorkerAlreadyRunning",
    "embedded_settings",
    "log_path",
]
