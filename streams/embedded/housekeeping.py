"""Compaction and retention. Both work in short transactions, so that appends never wait long,
and may be killed anywhere: what was removed was not needed, what remains is removed the next time.
"""
# ruff: noqa: S608  what is put into the statements are constants of this module

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from streams.embedded.records import Topic

if TYPE_CHECKING:
    from streams.embedded.log import SqliteLog

#: Seconds for which a deletion stays readable after it has become the newest record of its key.
TOMBSTONE_GRACE = 86_400.0
#: The file's own clock in milliseconds, for records and retention when the caller gives none.
NOW_MS = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"

_ROWS_PER_TRANSACTION = 500
# Offsets come and go as one JSON array: SQLite's driver gives up the GIL at each row, and a busy event loop
# would give it back late, with the file locked against other writers meanwhile.
_SUPERSEDED = """
SELECT json_group_array("offset") FROM (SELECT "offset" FROM (
    SELECT "offset", MAX("offset") OVER (PARTITION BY key) AS newest
    FROM records WHERE topic = ? AND partition = ?
) WHERE "offset" < newest ORDER BY "offset")
"""
_TOMBSTONES = f"""
SELECT json_group_array("offset") FROM (SELECT "offset" FROM records
WHERE topic = ?1 AND partition = ?2 AND value IS NULL AND timestamp < COALESCE(?3, {NOW_MS}) - ?4
  AND "offset" < ?5 AND "offset" < (SELECT MAX("offset") FROM records WHERE topic = ?1 AND partition = ?2)
ORDER BY "offset")
"""
_FIRST_TO_KEEP = f"""
SELECT MIN(
    COALESCE((SELECT "offset" FROM records WHERE topic = ?1 AND partition = ?2
              AND timestamp >= COALESCE(?3, {NOW_MS}) - ?4 ORDER BY "offset" LIMIT 1), end_offset),
    COALESCE((SELECT MIN("offset") FROM committed WHERE topic = ?1 AND partition = ?2), end_offset)
) FROM partitions WHERE topic = ?1 AND partition = ?2
"""


def compact(log: SqliteLog, topic: Topic, tombstone_grace: float, now_ms: int | None) -> int:
    """Keep the newest record of each key, and drop deletions past their grace.

    The last record of a partition always stays, whatever it is: Faust's recovery waits until it has read it.
    A tombstone goes only after all that it deletes has gone, or a reader would see the dead rise.
    """
    removed = 0
    grace = int(tombstone_grace * 1000)
    for partition in range(topic.partitions):
        end = log.end_offset(topic.name, partition)
        superseded = log.query(_SUPERSEDED, (topic.number, partition))
        removed += _remove(log, topic, partition, superseded)
        expired = log.query(_TOMBSTONES, (topic.number, partition, now_ms, grace, end))
        removed += _remove(log, topic, partition, expired)
    return removed


def trim(log: SqliteLog, topic: Topic, now_ms: int | None) -> int:
    """Remove what is older than the retention and behind what every group has committed.

    Unlike Kafka, records that a group has yet to read are never removed from under it.
    """
    if topic.retention is None:
        return 0
    removed = 0
    for partition in range(topic.partitions):
        age = int(topic.retention * 1000)
        rows = log.query(_FIRST_TO_KEEP, (topic.number, partition, now_ms, age))
        if rows:
            removed += _remove_before(log, topic, partition, cast("int", rows[0][0]))
    return removed


def _remove(log: SqliteLog, topic: Topic, partition: int, rows: list[tuple[object, ...]]) -> int:
    offsets = json.loads(cast("str", rows[0][0]))
    for start in range(0, len(offsets), _ROWS_PER_TRANSACTION):
        chosen = json.dumps(offsets[start : start + _ROWS_PER_TRANSACTION])
        with log.transaction() as db:
            db.execute(
                "DELETE FROM records WHERE topic = ? AND partition = ?"
                ' AND "offset" IN (SELECT value FROM json_each(?))',
                (topic.number, partition, chosen),
            )
    return len(offsets)


def _remove_before(log: SqliteLog, topic: Topic, partition: int, keep: int) -> int:
    """Start offset and records move together: nobody is told of a start that is not there."""
    removed = 0
    start = log.start_offset(topic.name, partition)
    while start < keep:
        start = min(start + _ROWS_PER_TRANSACTION, keep)
        with log.transaction() as db:
            db.execute(
                "UPDATE partitions SET start_offset = ? WHERE topic = ? AND partition = ? AND start_offset < ?",
                (start, topic.number, partition, start),
            )
            removed += db.execute(
                'DELETE FROM records WHERE topic = ? AND partition = ? AND "offset" < ?',
                (topic.number, partition, start),
            ).rowcount
    return removed
