"""Reading a topic from its start to its present end, outside a worker and without a consumer group."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import access
from streams.embedded import SqliteLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.settings import StreamSettings

_AT_ONCE = 500


class StoredRecord(NamedTuple):
    """A record as it lies in a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def read_topic(settings: StreamSettings, topic: str) -> AsyncIterator[StoredRecord]:
    """All records that the topic has now, partition by partition, each in its order."""
    reader = _read_file(settings, topic) if settings.embedded else _read_kafka(settings, topic)
    async for record in reader:
        yield record


async def has_records(settings: StreamSettings, topic: str, partition: int, start: int, end: int) -> bool:
    """Is there any record from offset `start` to before `end`?"""
    if settings.embedded:
        log = SqliteLog(settings.log_path)
        try:
            found = await asyncio.to_thread(log.fetch, topic, partition, start, 1)
            return bool(found) and found[0].offset < end
        finally:
            log.close()
    consumer = AIOKafkaConsumer(**settings.client_settings(), group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        consumer.seek(place, max(start, (await consumer.beginning_offsets([place]))[place]))
        while await consumer.position(place) < end:
            for found in (await consumer.getmany(place, timeout_ms=1000, max_records=1)).values():
                if found:
                    return bool(found[0].offset < end)
        return False
    finally:
        await consumer.stop()


async def _read_file(settings: StreamSettings, topic: str) -> AsyncIterator[StoredRecord]:
    log = SqliteLog(settings.log_path)
    try:
        for partition in range(log.topic(topic).partitions):
            at, end = log.start_offset(topic, partition), log.end_offset(topic, partition)
            while at < end:
                found = await asyncio.to_thread(log.fetch, topic, partition, at, _AT_ONCE)
                if not found:
                    break
                for one in found:
                    yield StoredRecord(partition, one.offset, one.timestamp_ms, one.key, one.value, tuple(one.headers))
                at = found[-1].offset + 1
    finally:
        log.close()


async def _read_kafka(settings: StreamSettings, topic: str) -> AsyncIterator[StoredRecord]:
    await access.ask(settings)
    consumer = AIOKafkaConsumer(**settings.client_settings(), group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
        starts = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.assign([place])
            consumer.seek(place, starts[place])
            while await consumer.position(place) < ends[place]:
                for found in (await consumer.getmany(place, timeout_ms=1000)).values():
                    for one in found:
                        if one.offset < ends[place]:
                            yield StoredRecord(
                                place.partition,
                                one.offset,
                                one.timestamp,
                                one.key,
                                one.value,
                                tuple(one.headers),
                            )
    finally:
        await consumer.stop()
