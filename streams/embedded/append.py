"""Appending to the embedded broker from anywhere: HTTP, command line, tests. Needs no Faust and no worker."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from streams.embedded.log import SqliteLog
from streams.embedded.records import Headers, NewRecord
from streams.embedded.writer import LogWriter


class Outgoing(NamedTuple):
    """A record whose partition, unless given, follows from its key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()
    timestamp: float | None = None


class EmbeddedProducer:
    """Appends records to a log file and answers only once they are durable."""

    def __init__(self, path: str | Path) -> None:
        self.log = SqliteLog(path)
        self._writer = LogWriter(self.log)
        self._turn = 0

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers = (),
        timestamp: float | None = None,
    ) -> tuple[int, int]:
        """Append one record; returns its partition and offset. `timestamp` is seconds since 1970."""
        return (await self.send_many([Outgoing(topic, key, value, partition, headers, timestamp)]))[0]

    async def send_many(self, records: Iterable[Outgoing]) -> list[tuple[int, int]]:
        """Append many, all or none; returns partition and offset of each."""
        placed = [self._placed(record) for record in records]
        for record in placed:
            self.log.check(record)
        offsets = await self._writer.append(placed)
        return [(record.partition, offset) for record, offset in zip(placed, offsets, strict=True)]

    async def close(self) -> None:
        """Finish what was sent, then close the file."""
        await self._writer.close()
        self.log.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _placed(self, record: Outgoing) -> NewRecord:
        topic, key, value, partition, headers, timestamp = record
        if partition is None:
            partition = self._partition(topic, key)
        milliseconds = None if timestamp is None else round(timestamp * 1000)
        return NewRecord(topic, partition, key, value, milliseconds, headers)

    def _partition(self, topic: str, key: bytes | None) -> int:
        """Records without a key take turns."""
        if key is not None:
            return self.log.partition_for(topic, key)
        self._turn += 1
        return self._turn % self.log.topic(topic).partitions
