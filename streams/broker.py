"""What the broker says of its topics."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from kafka import KafkaAdminClient

from streams import access, topics
from streams.embedded import SqliteLog
from streams.errors import PartitionsDiffer, TopicMissing
from streams.settings import StreamSettings


class TopicFacts(NamedTuple):
    """A topic as the broker has it."""

    id: str
    partitions: int


def admin(settings: StreamSettings) -> KafkaAdminClient:
    """An admin client. The caller closes it. Raises `AccessRefused`."""
    access.check(settings)
    return KafkaAdminClient(**settings.client_settings(), request_timeout_ms=15_000, bootstrap_timeout_ms=15_000)


def describe(settings: StreamSettings) -> dict[str, TopicFacts]:
    """All topics by name. Blocks."""
    if settings.embedded:
        log = SqliteLog(settings.log_path)
        try:
            return {name: TopicFacts(topic.id, topic.partitions) for name, topic in log.topics().items()}
        finally:
            log.close()
    client = admin(settings)
    try:
        return {
            topic["name"]: TopicFacts(str(topic["topic_id"]), len(topic["partitions"]))
            for topic in client.describe_topics()
        }
    finally:
        client.close()


def members(settings: StreamSettings) -> set[str]:
    """The group's static members, by the names they have in it. Blocks."""
    client = admin(settings)
    try:
        group = client.describe_groups([settings.group])[settings.group]
        return {str(member["group_instance_id"]) for member in group["members"]}
    finally:
        client.close()


async def checked_topics(settings: StreamSettings) -> dict[str, TopicFacts]:
    """The installation's own topics. Raises `TopicMissing` or `PartitionsDiffer`."""
    found = await asyncio.to_thread(describe, settings)
    wanted = topics.specs(settings)
    if missing := [spec.name for spec in wanted if spec.name not in found]:
        raise TopicMissing(missing)
    for spec in wanted:
        if found[spec.name].partitions != spec.partitions:
            raise PartitionsDiffer(spec.name, found[spec.name].partitions, spec.partitions)
    return {spec.name: found[spec.name] for spec in wanted}
