"""The log's file: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from streams.embedded.errors import LogError

VERSION = 1

# `records` is clustered by its key: a fetch is one range scan. Ends are kept apart from the records: no
# offset is given twice, also when compaction or retention has removed every record with a higher one.
# AUTOINCREMENT: the number of a deleted topic is not used again, so a stale reader cannot meet another topic.
_TABLES = """
CREATE TABLE topics (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    id TEXT NOT NULL UNIQUE,
    partitions INTEGER NOT NULL CHECK (partitions > 0),
    compacted INTEGER NOT NULL CHECK (compacted IN (0, 1)),
    retention REAL CHECK (retention > 0)
) STRICT;
CREATE TABLE partitions (
    topic INTEGER NOT NULL REFERENCES topics (number) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    start_offset INTEGER NOT NULL DEFAULT 0,
    end_offset INTEGER NOT NULL DEFAULT 0 CHECK (end_offset >= start_offset),
    PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE records (
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    key BLOB,
    headers BLOB,
    value BLOB,
    PRIMARY KEY (topic, partition, "offset"),
    FOREIGN KEY (topic, partition) REFERENCES partitions (topic, partition) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE committed (
    "group" TEXT NOT NULL,
    topic INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL CHECK ("offset" >= 0),
    PRIMARY KEY ("group", topic, partition),
    FOREIGN KEY (topic, partition) REFERENCES partitions (topic, partition) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
"""


def open_file(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Open a connection to the log file, making the file if there is none."""
    db = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        _use_wal(db, busy_timeout)
        if _version(db) != VERSION:
            _create(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _use_wal(db: sqlite3.Connection, busy_timeout: float) -> None:
    """Turn the write-ahead log on; SQLite's own busy timeout does not cover this switch."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        found = _version(db)
        if found == 0:
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif found != VERSION:
            message = f"消息文件版本不符 / {path}: version: got {found}, expected {VERSION}"
            raise LogError(message)  # noqa: TRY301  it is to roll back
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
