"""Have the workers finished a message, state and alerts durable? Asked from outside, without joining their group."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.embedded import SqliteLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from streams.settings import StreamSettings

    Place = tuple[str, int]

PAUSE = 0.2


async def finished(settings: StreamSettings, offsets: dict[Place, int], within: float) -> set[Place]:
    """The partitions whose offset is behind what is committed, asked until all are or the time (seconds) is up."""
    done: set[Place] = set()
    async with _committed(settings) as committed:
        try:
            async with asyncio.timeout(within):
                while done < offsets.keys():
                    for place in offsets.keys() - done:
                        if (await committed(place) or 0) > offsets[place]:
                            done.add(place)
                    if done < offsets.keys():
                        await asyncio.sleep(PAUSE)
        except TimeoutError:
            pass
    return done


@asynccontextmanager
async def _committed(settings: StreamSettings) -> AsyncIterator[Callable[[Place], Awaitable[int | None]]]:
    if settings.embedded:
        log = SqliteLog(settings.log_path)
        try:
            yield lambda place: asyncio.to_thread(log.committed, settings.group, place)
        finally:
            log.close()
        return
    consumer = AIOKafkaConsumer(**settings.client_settings(), group_id=settings.group, enable_auto_commit=False)
    await consumer.start()
    try:
        yield lambda place: consumer.committed(TopicPartition(*place))
    finally:
        await consumer.stop()
