"""The log: topics, partitions, records and committed offsets in one SQLite file. Knows no Faust.

Any number of processes may append; an append that has returned is on the disk (`synchronous=FULL`).
Offsets are given once, in order, without holes, and never renumbered. Readers never wait for writers (WAL).
"""
# ruff: noqa: S608  what is put into the statements are constants of this module

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from streams.embedded import housekeeping
from streams.embedded.bell import bell_of
from streams.embedded.errors import InvalidRecord, LogError, PartitionsFixed, UnknownTopic
from streams.embedded.partitioner import partition_of
from streams.embedded.records import (
    Headers,
    NewRecord,
    Partition,
    Record,
    Topic,
    pack_headers,
    unpack_headers,
)
from streams.embedded.schema import open_file

FETCH_BYTES = 4 << 20
_ROWS_PER_INSERT = 256
_COLUMNS = "number, name, id, partitions, compacted, retention"
_INSERT = 'INSERT INTO records (topic, partition, "offset", timestamp, key, headers, value) VALUES '
_ROW = f"(?, ?, ?, COALESCE(?, {housekeeping.NOW_MS}), ?, ?, ?)"


class SqliteLog:
    """One log file, opened. Safe to use from several threads."""

    def __init__(self, path: str | Path, *, busy_timeout: float = 10.0) -> None:
        self.path = Path(path).absolute()
        self.bell = bell_of(self.path)
        self._topics: dict[str, Topic] = {}
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer = open_file(self.path, busy_timeout)
        self._reader = open_file(self.path, busy_timeout)
        # data_version only tells of *other* connections, hence one that itself never writes or reads records.
        self._watch = open_file(self.path, busy_timeout)
        self._seen_version = 0
        self.changed()

    def close(self) -> None:
        """Close the file; what was appended is already durable."""
        with self._write_lock, self._read_lock:
            for db in (self._watch, self._reader, self._writer):
                db.close()

    # -- topics

    def create_topic(
        self, name: str, partitions: int, *, compacted: bool = False, retention: float | None = None
    ) -> Topic:
        """Create a topic, or return the one that exists with its settings as they are."""
        if not name or partitions < 1:
            message = f"topic {name!r}: partitions: got {partitions!r}, expected a name and at least 1 partition"
            raise LogError(message)
        with self.transaction() as db:
            topic = self._load(db, name)
            if topic is None:
                number = db.execute(
                    "INSERT INTO topics (name, id, partitions, compacted, retention) VALUES (?, ?, ?, ?, ?)",
                    (name, str(uuid.uuid4()), partitions, int(compacted), retention),
                ).lastrowid
                db.executemany(
                    "INSERT INTO partitions (topic, partition) VALUES (?, ?)",
                    [(number, partition) for partition in range(partitions)],
                )
        if topic is None:
            topic = self.topic(name)
        if topic.partitions != partitions:
            raise PartitionsFixed(name, topic.partitions, partitions)
        self._topics[name] = topic
        return topic

    def delete_topic(self, name: str) -> None:
        """Delete a topic, its records and the offsets committed on it."""
        with self.transaction() as db:
            if db.execute("DELETE FROM topics WHERE name = ?", (name,)).rowcount != 1:
                raise UnknownTopic(name)
        self._topics.pop(name, None)

    def topics(self) -> dict[str, Topic]:
        """All topics by name, fresh from the file."""
        with self._read_lock:
            rows = self._reader.execute(f"SELECT {_COLUMNS} FROM topics ORDER BY name").fetchall()
        self._topics = {row[1]: _topic(row) for row in rows}
        return dict(self._topics)

    def topic(self, name: str) -> Topic:
        """The topic of that name."""
        known = self._topics.get(name)
        if known is None:
            with self._read_lock:
                known = self._load(self._reader, name)
            if known is None:
                raise UnknownTopic(name)
            self._topics[name] = known
        return known

    def topic_id(self, name: str) -> str:
        """The identity given to the topic when it was created."""
        return self.topic(name).id

    def partition_for(self, topic: str, key: bytes) -> int:
        """The partition of `topic` that `key` belongs to."""
        return partition_of(key, self.topic(topic).partitions)

    # -- records

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int | None = None,
        headers: Headers = (),
    ) -> int:
        """Append one record durably and return its offset."""
        return self.append_many([NewRecord(topic, partition, key, value, timestamp_ms, headers)])[0]

    def append_many(self, records: Sequence[NewRecord]) -> list[int]:
        """Append records in one transaction: all are durable on return, or none is there."""
        for record in records:
            self.check(record)
        counts = Counter((record.topic, record.partition) for record in records)
        with self.transaction() as db:
            ends = {place: self._advance(db, place, count) for place, count in counts.items()}
            offsets = _numbered(records, {place: ends[place] - count for place, count in counts.items()})
            self._insert(db, records, offsets)
        self.bell.ring(ends)
        return offsets

    def check(self, record: NewRecord) -> None:
        """Raise if the log could never take this record."""
        topic = self.topic(record.topic)
        if not 0 <= record.partition < topic.partitions:
            last = topic.partitions - 1
            message = f"topic {topic.name!r}: partition: got {record.partition}, expected 0 to {last}"
            raise InvalidRecord(message)
        if topic.compacted and record.key is None:
            message = f"topic {topic.name!r} is compacted: key: got none, expected bytes"
            raise InvalidRecord(message)

    def fetch(
        self, topic: str, partition: int, from_offset: int, limit: int, max_bytes: int = FETCH_BYTES
    ) -> list[Record]:
        """Up to `limit` records from an offset on; fewer when they are big, but one if there is any."""
        number = self._number(topic)
        found: list[Record] = []
        size = 0
        with self._read_lock:
            rows = self._reader.execute(
                'SELECT "offset", timestamp, key, value, headers FROM records'
                ' WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?',
                (number, partition, from_offset, limit),
            )
            for offset, timestamp, key, value, headers in rows:
                found.append(Record(topic, partition, offset, timestamp, key, value, unpack_headers(headers)))
                size += len(key or b"") + len(value or b"")
                if size >= max_bytes:
                    break
            rows.close()
        return found

    def bounds(self) -> dict[Partition, tuple[int, int]]:
        """Start and end offset of every partition of every topic."""
        with self._read_lock:
            rows = self._reader.execute(
                "SELECT name, partition, start_offset, end_offset"
                " FROM partitions JOIN topics ON topics.number = partitions.topic"
            ).fetchall()
        return {(name, partition): (start, end) for name, partition, start, end in rows}

    def start_offset(self, topic: str, partition: int) -> int:
        """The first offset that retention has left; compaction does not move it."""
        return self._bounds(topic, partition)[0]

    def end_offset(self, topic: str, partition: int) -> int:
        """The offset that the next record will get."""
        return self._bounds(topic, partition)[1]

    def changed(self) -> bool:
        """Has anybody, also another process, written since this was last asked? Costs microseconds."""
        version = int(self._watch.execute("PRAGMA data_version").fetchone()[0])
        seen, self._seen_version = self._seen_version, version
        return version != seen

    # -- committed offsets

    def commit(self, group: str, offsets: Mapping[Partition, int]) -> None:
        """Record, durably, the next offset that a group will read in each partition."""
        rows = [(group, self._number(topic), partition, at) for (topic, partition), at in offsets.items()]
        with self.transaction() as db:
            db.executemany(
                'INSERT INTO committed ("group", topic, partition, "offset") VALUES (?, ?, ?, ?)'
                ' ON CONFLICT DO UPDATE SET "offset" = excluded."offset"',
                rows,
            )

    def committed(self, group: str, place: Partition) -> int | None:
        """The offset a group committed in a partition, if it ever did."""
        topic, partition = place
        number = self._number(topic)
        with self._read_lock:
            row = self._reader.execute(
                'SELECT "offset" FROM committed WHERE "group" = ? AND topic = ? AND partition = ?',
                (group, number, partition),
            ).fetchone()
        return None if row is None else int(row[0])

    # -- housekeeping

    def compact(
        self, topic: str, tombstone_grace: float = housekeeping.TOMBSTONE_GRACE, now_ms: int | None = None
    ) -> int:
        """Keep the newest record of each key; returns how many were removed. See `housekeeping.compact`."""
        return housekeeping.compact(self, self.topic(topic), tombstone_grace, now_ms)

    def trim(self, topic: str, now_ms: int | None = None) -> int:
        """Remove what is older than the topic's retention; returns how many. See `housekeeping.trim`."""
        return housekeeping.trim(self, self.topic(topic), now_ms)

    # -- for the modules of this package

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in one transaction: committed on the way out, or as if it had never been."""
        with self._write_lock:
            db = self._writer
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def query(self, sql: str, parameters: Sequence[object]) -> list[tuple[object, ...]]:
        """Read rows; never waits for a writer."""
        with self._read_lock:
            return self._reader.execute(sql, parameters).fetchall()

    def _number(self, topic: str) -> int:
        return self.topic(topic).number

    def _load(self, db: sqlite3.Connection, name: str) -> Topic | None:
        row = db.execute(f"SELECT {_COLUMNS} FROM topics WHERE name = ?", (name,)).fetchone()
        return None if row is None else _topic(row)

    def _bounds(self, topic: str, partition: int) -> tuple[int, int]:
        number = self._number(topic)
        with self._read_lock:
            row = self._reader.execute(
                "SELECT start_offset, end_offset FROM partitions WHERE topic = ? AND partition = ?",
                (number, partition),
            ).fetchone()
        if row is None:
            message = f"topic {topic!r} has no partition {partition}"
            raise InvalidRecord(message)
        return int(row[0]), int(row[1])

    def _advance(self, db: sqlite3.Connection, place: Partition, count: int) -> int:
        topic, partition = place
        row = db.execute(
            "UPDATE partitions SET end_offset = end_offset + ? WHERE topic = ? AND partition = ? RETURNING end_offset",
            (count, self._number(topic), partition),
        ).fetchone()
        if row is None:  # deleted by another process since we learned of it
            self._topics.pop(topic, None)
            raise UnknownTopic(topic)
        return int(row[0])

    def _insert(self, db: sqlite3.Connection, records: Sequence[NewRecord], offsets: Sequence[int]) -> None:
        """One statement for many rows: SQLite's driver gives up the GIL at each statement."""
        numbers = {record.topic: self._number(record.topic) for record in records}
        rows = [
            (
                numbers[new.topic],
                new.partition,
                at,
                new.timestamp_ms,
                new.key,
                pack_headers(new.headers),
                new.value,
            )
            for new, at in zip(records, offsets, strict=True)
        ]
        for chunk in _chunks(rows):
            values = [value for row in chunk for value in row]
            db.execute(_INSERT + ", ".join([_ROW] * len(chunk)), values)


def _topic(row: tuple[int, str, str, int, int, float | None]) -> Topic:
    number, name, identity, partitions, compacted, retention = row
    return Topic(number, name, identity, partitions, bool(compacted), retention)


def _numbered(records: Iterable[NewRecord], following: dict[Partition, int]) -> list[int]:
    offsets = []
    for record in records:
        place = (record.topic, record.partition)
        offsets.append(following[place])
        following[place] += 1
    return offsets


def _chunks(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """Slices whose lengths are powers of two, so that few different statements are ever prepared."""
    start = 0
    while start < len(rows):
        length = min(_ROWS_PER_INSERT, 1 << ((len(rows) - start).bit_length() - 1))
        yield rows[start : start + length]
        start += length
