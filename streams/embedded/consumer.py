"""Faust's consumer on a log file. How it satisfies Faust is told in `streams.embedded.transport`."""
# ruff: noqa: ASYNC109  the signatures are Faust's

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import ConsumerNotStarted, ImproperlyConfigured
from faust.transport import base
from faust.types import TP, ConsumerMessage
from mode import Service

from streams.embedded.lock import WorkerLock
from streams.embedded.log import SqliteLog
from streams.embedded.partitioner import partition_of
from streams.embedded.reader import LogReader
from streams.embedded.records import Record
from streams.embedded.writer import LogWriter

if TYPE_CHECKING:
    from streams.embedded.transport import Transport

_MEMBER = "worker"
_COMPACT_AFTER = 500


class Consumer(base.Consumer):
    """The one worker of a log file: always assigned everything its topics have."""

    #: Seconds between two rounds of compaction and retention.
    housekeeping_interval = 60.0

    _writer: LogWriter | None = None
    _reader: LogReader | None = None
    _lock: WorkerLock | None = None

    def on_init(self) -> None:
        """Start without an assignment."""
        self._generation = 0
        self._rebalancing = asyncio.Lock()
        self._beginnings: dict[TP, int] = {}
        self._compacted_at: dict[tuple[str, int], int] = {}

    # -- life

    async def on_start(self) -> None:
        """Become the file's worker, or refuse."""
        if self.app.client_only or self.in_transaction:
            message = "the embedded broker has no client-only and no exactly-once mode"
            raise ImproperlyConfigured(message)
        transport = cast("Transport", self.transport)
        lock = WorkerLock(transport.path)
        lock.acquire()
        self._lock = lock
        self._writer = transport.open()
        await super().on_start()
        await asyncio.to_thread(self._tidy_all)  # recovery reads what is left: an hour of changes, or one of each
        self._reader = LogReader(self._writer.log)

    async def on_shutdown(self) -> None:
        """Give the file up, now that nothing reads or commits any more."""
        await super().on_shutdown()
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        lock, self._lock = self._lock, None
        if reader is not None:
            reader.close()
        if writer is not None:
            await cast("Transport", self.transport).close()
        if lock is not None:
            lock.release()

    # -- assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Be assigned all partitions of these topics."""
        # Not awaited: the callbacks of the rebalance wait for this subscription to be done.
        self.add_future(self._rebalance(frozenset(topics)))

    async def _rebalance(self, topics: frozenset[str]) -> None:
        async with self._rebalancing:
            self.app.on_rebalance_start()
            await self.on_partitions_revoked(self.assignment())
            self._generation += 1
            self.app.consumer_generation_id = self._generation
            assigned = self._assign(topics)
            self._beginnings = self._find_beginnings(assigned)
            reader = self._ensure_reader()
            reader.refresh()
            reader.assign(assigned, cast("Mapping[tuple[str, int], int]", self._starts(assigned)))
            await self.on_partitions_assigned(assigned, self._generation)

    def _assign(self, topics: frozenset[str]) -> set[TP]:
        """Let Faust's own assignor divide the topics among one member, and tell it the result."""
        log = self._log
        cluster = _Cluster({topic: set(range(log.topic(topic).partitions)) for topic in topics})
        assignor: Any = self.app.assignor
        answer = assignor.assign(cluster, {_MEMBER: assignor.metadata(set(topics))})[_MEMBER]
        assignor.on_assignment(answer)
        return {TP(topic, partition) for topic, partitions in answer.assignment for partition in partitions}

    def _find_beginnings(self, assigned: set[TP]) -> dict[TP, int]:
        """Where partitions without a commit start; found once, so that `latest` does not move."""
        latest = self.app.conf.consumer_auto_offset_reset == "latest"
        bounds = self._log.bounds()
        return {tp: self._beginnings.get(tp, bounds[tp][1 if latest else 0]) for tp in assigned}

    def _starts(self, tps: Iterable[TP]) -> dict[TP, int]:
        committed = {tp: self._log.committed(self.app.conf.id, tp) for tp in tps}
        return {tp: self._beginnings[tp] if at is None else at for tp, at in committed.items()}

    def assignment(self) -> set[TP]:
        """All partitions being followed."""
        return set() if self._reader is None else cast("set[TP]", set(self._reader.positions))

    # -- reading

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Record]]:
        deadline = self.loop.time() + timeout
        while self._reader is not None and not self.should_stop:
            active = self.assignment() if active_partitions is None else active_partitions
            records = self._reader.read(active)
            left = deadline - self.loop.time()
            if records or left <= 0 or not self.flow_active:
                return cast("dict[TP, list[Record]]", records)
            await self._reader.wait(left)
        return {}

    def _to_message(self, tp: TP, record: Record) -> ConsumerMessage:
        return ConsumerMessage(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp_ms / 1000.0,
            0,
            record.headers,
            record.key,
            record.value,
            None,
            -1 if record.key is None else len(record.key),
            -1 if record.value is None else len(record.value),
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    # -- offsets

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        writer = self._writer
        if writer is None:
            return False
        places = {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        try:
            await writer.call(partial(writer.log.commit, self.app.conf.id, places))
        except sqlite3.Error as failed:
            # Faust takes an offset for committed whatever is returned here: only a restart reads it anew.
            self.log.exception("Committing offsets failed")
            await self.crash(failed)
            return False
        return True

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go back to the committed offsets; without one, to where a partition with acks began."""
        reader = self._ensure_reader()
        committed: dict[TP, Any] = {}
        for tp in self.assignment():
            committed[tp] = self._log.committed(self.app.conf.id, tp)
            if committed[tp] is not None:
                reader.seek(tp, committed[tp])
            elif self.app.topics.acks_enabled_for(tp.topic):
                reader.seek(tp, self._beginnings[tp])
        return committed

    async def seek_to_beginning(self, *partitions: TP) -> None:
        """Read these partitions from their start."""
        await self.seek_wait(await self.earliest_offsets(*partitions))

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Read each partition from its offset next."""
        for tp, offset in partitions.items():
            self._ensure_reader().seek(tp, offset)

    async def _seek(self, partition: TP, offset: int) -> None:
        self._ensure_reader().seek(partition, offset)

    async def position(self, tp: TP) -> int | None:
        """The offset that will be read next."""
        return self._ensure_reader().positions.get(tp)

    def highwater(self, tp: TP) -> int:
        """The end offset as last heard of: called for every message."""
        return self._ensure_reader().ends.get(tp, 0)

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The first offsets that retention has left."""
        bounds = self._log.bounds()
        return {tp: bounds[tp][0] for tp in partitions}

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The end offsets, fresh from the file."""
        bounds = self._log.bounds()
        return {tp: bounds[tp][1] for tp in partitions}

    # -- topics

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions the topic has."""
        return self._log.topic(topic).partitions

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """The partition a key belongs to, unless one is given."""
        if partition is not None or key is None:
            return partition
        return partition_of(key, self._log.topic(topic).partitions)

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Create a topic unless it exists."""
        await self.app.producer.create_topic(topic, partitions, replication, **options)

    # -- housekeeping

    @Service.task
    async def _housekeeping(self) -> None:
        while not self.should_stop:
            await self.sleep(self.housekeeping_interval)
            await self._tidy_unless_stopping()

    async def _tidy_unless_stopping(self) -> None:
        if not self.should_stop:  # a stop ends the sleep early
            try:
                await asyncio.to_thread(self._tidy_all)
            except sqlite3.Error as failed:  # a later round will do it
                self.log.warning("Compaction was put off: %r", failed)

    def _tidy_all(self) -> None:
        """Compact and trim over connections of its own, so that it is in nobody's way."""
        log = SqliteLog(cast("Transport", self.transport).path)
        try:
            bounds = log.bounds()
            for name, topic in log.topics().items():
                log.trim(name)
                ends = {(name, partition): bounds[name, partition][1] for partition in range(topic.partitions)}
                if topic.compacted and any(
                    end - self._compacted_at.get(place, -_COMPACT_AFTER) >= _COMPACT_AFTER
                    for place, end in ends.items()
                ):
                    log.compact(name)
                    self._compacted_at.update(ends)
        finally:
            log.close()

    @property
    def _log(self) -> SqliteLog:
        return self._ensure_reader().log

    def _ensure_reader(self) -> LogReader:
        if self._reader is None:
            message = "Consumer not yet started"
            raise ConsumerNotStarted(message)
        return self._reader


class _Cluster:
    """What Faust's assignor asks of Kafka's cluster metadata."""

    def __init__(self, partitions: dict[str, set[int]]) -> None:
        self._partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self._partitions.get(topic)
