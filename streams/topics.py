"""The topics: what each is called, which kind of fact goes where, and how long it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.facts import KINDS, TOPICS
from streams.embedded.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.settings import StreamSettings

FACT_TOPICS = TOPICS
ALERTS = "alerts"
DEAD_LETTERS = "dead-letters"
TABLE = "alarms"
TOPIC_OF_KIND: Mapping[str, str] = {kind: fact.topic for kind, fact in KINDS.items()}

_DAY_MS = 86_400_000
MAX_RECORD = 1_048_588
"""Kafka's own default of `max.message.bytes`."""


class TopicSpec(NamedTuple):
    """A topic as it is to be made."""

    name: str
    partitions: int
    replication: int
    compacted: bool
    retention: float | None
    """Seconds, or None = for ever."""
    configs: dict[str, str]


def changelog(group: str) -> str:
    """The topic in which Faust keeps the table."""
    return f"{group}-{TABLE}-changelog"


def county_key(county: str) -> bytes:
    """The key of every record of a county."""
    return county.encode()


def home_partition(county: str, partitions: int) -> int:
    """The partition in which a county's records belong."""
    return partition_of(county_key(county), partitions)


def specs(settings: StreamSettings) -> list[TopicSpec]:
    """All topics of an installation. The table's changelog has as many partitions as the facts it follows."""
    kept = settings.retention_days * _DAY_MS
    lasting = {
        "cleanup.policy": "delete",
        "retention.ms": str(kept),
        # A fact is late or in the future against the broker's clock, not against its producer's.
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MAX_RECORD),
    }
    plain = [
        TopicSpec(
            name, settings.partitions, settings.replication, compacted=False, retention=kept / 1000, configs=lasting
        )
        for name in (*FACT_TOPICS, ALERTS, DEAD_LETTERS)
    ]
    table = TopicSpec(
        changelog(settings.group),
        settings.partitions,
        settings.replication,
        compacted=True,
        retention=None,
        configs={
            # Compaction looks only at closed segments and waits for half a log of rubbish: both are far too
            # patient for a table that is read whole at each start.
            "cleanup.policy": "compact",
            "segment.ms": "600000",
            "segment.bytes": str(8 * 1024 * 1024),
            "min.cleanable.dirty.ratio": "0.05",
            "max.compaction.lag.ms": "600000",
            "delete.retention.ms": str(_DAY_MS),
            "max.message.bytes": str(settings.max_entry_bytes),
        },
    )
    return [*plain, table]
