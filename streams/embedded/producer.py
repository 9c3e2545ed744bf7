"""Faust's producer on a log file."""
# ruff: noqa: ARG002  the signatures are Faust's

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import NotReady
from faust.transport import base
from faust.types import TP, HeadersArg, RecordMetadata
from mode.utils.times import Seconds, want_seconds

from streams.embedded.errors import InvalidRecord, LogError
from streams.embedded.partitioner import partition_of
from streams.embedded.records import Headers, NewRecord
from streams.embedded.writer import LogWriter

if TYPE_CHECKING:
    from streams.embedded.transport import Transport


class Producer(base.Producer):
    """Appends to the log. A send's future is done when the record is durable, or says why it is not."""

    _writer: LogWriter | None = None
    _turn = 0

    async def on_start(self) -> None:
        """Open the file."""
        await super().on_start()
        self._writer = cast("Transport", self.transport).open()

    async def on_stop(self) -> None:
        """Finish what was sent."""
        await super().on_stop()
        await self.flush()

    async def on_shutdown(self) -> None:
        """Close the file, now that nothing can be sent any more."""
        await super().on_shutdown()
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.drain()
            await cast("Transport", self.transport).close()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Schedule a record; what cannot be sent fails the future, as a disk that is full would."""
        writer = self._ensure_writer()
        try:
            record = self._record(writer, topic, key, value, partition, timestamp, headers)
        except LogError as refused:
            return _failed(refused)
        return writer.append([record], partial(_metadata, record))

    async def send_and_wait(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
        *,
        transactional_id: str | None = None,
    ) -> RecordMetadata:
        """Send a record and wait until it is durable."""
        return await (await self.send(topic, key, value, partition, timestamp, headers))

    async def flush(self) -> None:
        """Wait until all that was sent is durable or has failed."""
        await self.buffer.flush()
        if self._writer is not None:
            await self._writer.drain()

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,
        *,
        retention: Seconds | None = None,
        compacting: bool | None = None,
        **_: Any,
    ) -> None:
        """Create a topic unless it exists. What else Faust may name means something to Kafka alone."""
        writer = self._ensure_writer()
        if not self.app.conf.topic_allow_declare:
            self.log.warning("Topic creation disabled! Can't create topic %s", topic)
            return
        seconds = want_seconds(retention) if retention else None
        await writer.call(
            partial(writer.log.create_topic, topic, partitions, compacted=bool(compacting), retention=seconds)
        )

    def key_partition(self, topic: str, key: bytes) -> TP:
        """The partition a key belongs to."""
        return TP(topic, self._partition(self._ensure_writer(), topic, key))

    def supports_headers(self) -> bool:
        """Headers are kept."""
        return True

    def _ensure_writer(self) -> LogWriter:
        if self._writer is None:
            message = "Producer service not yet started"
            raise NotReady(message)
        return self._writer

    def _record(
        self,
        writer: LogWriter,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: HeadersArg | None,
    ) -> NewRecord:
        if partition is None:
            partition = self._partition(writer, topic, key)
        milliseconds = None if timestamp is None else round(timestamp * 1000)
        record = NewRecord(topic, partition, key, value, milliseconds, _headers(headers))
        writer.log.check(record)
        if record.size > self.max_request_size:
            message = f"record for {topic!r}: bytes: got {record.size}, expected at most {self.max_request_size}"
            raise InvalidRecord(message)
        return record

    def _partition(self, writer: LogWriter, topic: str, key: bytes | None) -> int:
        partitions = writer.log.topic(topic).partitions
        if self.partitioner is not None:
            everyone = list(range(partitions))
            return int(self.partitioner(key, everyone, everyone))
        if key is not None:
            return partition_of(key, partitions)
        self._turn += 1
        return self._turn % partitions


def _headers(headers: HeadersArg | None) -> Headers:
    if not headers:
        return ()
    return list(headers.items()) if isinstance(headers, Mapping) else [(name, value) for name, value in headers]


def _metadata(record: NewRecord, offsets: list[int]) -> RecordMetadata:
    place = TP(record.topic, record.partition)
    return RecordMetadata(record.topic, record.partition, place, offsets[0], record.timestamp_ms, 0)


def _failed(reason: Exception) -> asyncio.Future[RecordMetadata]:
    future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
    future.set_exception(reason)
    return future
