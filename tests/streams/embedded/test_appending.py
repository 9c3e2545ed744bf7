"""Appending from event loops and from other processes: durable when answered, never dropped in silence."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded import (
    EmbeddedProducer,
    InvalidRecord,
    Outgoing,
    SqliteLog,
    UnknownTopic,
    WorkerAlreadyRunning,
)
from streams.embedded.lock import WorkerLock
from streams.embedded.partitioner import partition_of
from streams.embedded.reader import LogReader
from streams.embedded.records import NewRecord
from streams.embedded.writer import LogWriter

PARTITIONS = 3


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "broker.db")
    log.create_topic("t", PARTITIONS)
    yield log
    log.close()


def appender(log: SqliteLog, name: str, count: int, at_once: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.streams.embedded.appender", str(log.path), name]
    return subprocess.Popen([*command, str(count), str(at_once)], stdout=subprocess.PIPE, text=True)


def in_log(log: SqliteLog) -> dict[tuple[int, int], str]:
    return {
        (partition, record.offset): (record.value or b"").decode()
        for partition in range(PARTITIONS)
        for record in log.fetch("t", partition, 0, 1_000_000, max_bytes=1 << 30)
    }


def acknowledged(lines: list[str]) -> dict[tuple[int, int], str]:
    parts = [line.split() for line in lines if line.endswith("\n")]  # a kill may cut the last line
    return {(int(partition), int(offset)): value for partition, offset, value in parts}


async def test_a_send_answers_with_its_place(log: SqliteLog) -> None:
    """Partition from the key unless given; offset from the log; what is answered is there."""
    async with EmbeddedProducer(log.path) as producer:
        place = await producer.send("t", b"330723", b"v", headers=[("a", b"1")], timestamp=1.5)
        assert place == (partition_of(b"330723", PARTITIONS), 0)
        assert await producer.send("t", b"330723", b"v", partition=2) in {(2, 0), (2, 1)}
    [record, *_] = log.fetch("t", place[0], 0, 10)
    assert (record.value, record.headers, record.timestamp_ms) == (b"v", [("a", b"1")], 1500)


async def test_records_without_a_key_take_turns(log: SqliteLog) -> None:
    """Every partition gets its share."""
    async with EmbeddedProducer(log.path) as producer:
        places = await producer.send_many([Outgoing("t", None, b"v")] * 6)
    assert sorted(places) == [(partition, offset) for partition in range(3) for offset in range(2)]


async def test_a_bad_record_keeps_the_whole_request_out(log: SqliteLog) -> None:
    """`send_many` is all or nothing, so a client may send the same request again."""
    async with EmbeddedProducer(log.path) as producer:
        with pytest.raises(UnknownTopic):
            await producer.send_many([Outgoing("t", b"k", b"v"), Outgoing("nowhere", b"k", b"v")])
        with pytest.raises(InvalidRecord):
            await producer.send("t", b"k", b"v", partition=PARTITIONS)
    assert in_log(log) == {}


async def test_sends_that_meet_share_one_commit(log: SqliteLog) -> None:
    """While one commit is on its way, all that arrives goes together in the next: 200 sends, a few commits."""
    rings: list[int] = []
    log.bell.listen(lambda ends: rings.append(sum(ends.values())))
    async with EmbeddedProducer(log.path) as producer:
        places = await asyncio.gather(*[producer.send("t", b"k", str(at).encode()) for at in range(200)])
    assert [offset for _, offset in places] == list(range(200))
    assert len(rings) < 20


async def test_a_failing_disk_fails_every_future_that_waits(log: SqliteLog) -> None:
    """Nothing is dropped in silence, and the writer goes on when there is room again."""
    writer = LogWriter(log)
    pages = log.query("PRAGMA page_count", ())[0][0]
    with log.transaction() as db:
        pass
    db.execute(f"PRAGMA max_page_count = {pages}")
    sends = [writer.append([NewRecord("t", 0, b"k", b"x" * 100_000)]) for _ in range(3)]
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [sqlite3.OperationalError] * 3
    db.execute("PRAGMA max_page_count = 1000000")
    assert await writer.append([NewRecord("t", 0, b"k", b"x" * 100_000)]) == [0]
    await writer.close()


async def test_a_log_locked_beyond_the_timeout_fails_the_future(log: SqliteLog) -> None:
    """Somebody else holds the file: the send fails loudly after the time-out, and works after that."""
    impatient = SqliteLog(log.path, busy_timeout=0.05)
    writer = LogWriter(impatient)
    with log.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        await writer.append([NewRecord("t", 0, b"k", b"v")])
    assert await writer.append([NewRecord("t", 0, b"k", b"v")]) == [0]
    await writer.close()
    impatient.close()


async def test_one_refused_record_does_not_fail_its_neighbours(log: SqliteLog) -> None:
    """Jobs that were put together by chance stand or fall alone."""
    writer = LogWriter(log)
    with log.transaction():  # the writer is held up, so that the three meet in one batch
        held = writer.append([NewRecord("t", 0, b"k", b"first")])
        sends = [
            writer.append([NewRecord("t", 0, b"k", b"good")]),
            writer.append([NewRecord("t", 9, b"k", b"bad")]),
            writer.append([NewRecord("t", 0, b"k", b"good")]),
        ]
    outcomes = await asyncio.gather(held, *sends, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [list, list, InvalidRecord, list]
    assert [outcome for outcome in outcomes if isinstance(outcome, list)] == [[0], [1], [2]]
    await writer.close()


async def test_a_reader_hears_of_an_append_in_its_process_at_once(log: SqliteLog) -> None:
    """Over the bell, not by looking: the reader wakes although it was not to look for a minute."""
    reader = LogReader(log)
    reader.assign([("t", 0)], {("t", 0): 0})
    async with EmbeddedProducer(log.path) as producer:
        waiting = asyncio.ensure_future(reader.wait(60))
        await producer.send("t", b"k", b"v", partition=0)
        await asyncio.wait_for(waiting, 10)
    assert [record.value for record in reader.read([("t", 0)])["t", 0]] == [b"v"]
    assert reader.read([("t", 0)]) == {}
    reader.close()


async def test_a_reader_notices_another_process(log: SqliteLog) -> None:
    """No bell rings across processes: the file itself tells that it changed."""
    reader = LogReader(log)
    places = [("t", partition) for partition in range(PARTITIONS)]
    reader.assign(places, dict.fromkeys(places, 0))
    process = await asyncio.to_thread(appender, log, "other", 1, 1)
    await asyncio.wait_for(reader.wait(60), 30)
    [records] = reader.read(places).values()
    assert [record.value for record in records] == [b"other-0"]
    await asyncio.to_thread(process.communicate)
    reader.close()


def test_two_processes_append_at_the_same_time(log: SqliteLog) -> None:
    """Every record of both is there once, under the offset it was told, and no offset is left out."""
    processes = [appender(log, name, 600, 3) for name in ("a", "b")]
    told = [acknowledged(process.communicate(timeout=60)[0].splitlines(keepends=True)) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert in_log(log) == told[0] | told[1]
    assert len(in_log(log)) == 1200
    by_partition = defaultdict(list)
    for partition, offset in in_log(log):
        by_partition[partition].append(offset)
    assert all(offsets == list(range(len(offsets))) for offsets in by_partition.values())


@pytest.mark.parametrize("at_once", [1, 50])
def test_a_killed_process_loses_nothing_it_was_answered(log: SqliteLog, at_once: int) -> None:
    """Killed with -9 in the middle of appending: what was acknowledged is in the log, under that offset."""
    process = appender(log, "killed", 0, at_once)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(301)]
    process.kill()
    lines += process.stdout.readlines()
    process.wait(10)
    process.stdout.close()
    told = acknowledged(lines)
    found = in_log(log)
    assert len(told) >= 300
    assert {place: found.get(place) for place in told} == told
    assert len(found) - len(told) <= at_once * 2, "more in the log than was under way"
    assert log.append("t", 0, b"k", b"after") == log.end_offset("t", 0) - 1


def test_a_second_worker_is_refused_by_name(tmp_path: Path) -> None:
    """Within a process as between processes; the message names the holder and what to do."""
    first, second = WorkerLock(tmp_path / "b.db"), WorkerLock(tmp_path / "b.db")
    first.acquire()
    with pytest.raises(WorkerAlreadyRunning) as refusal:
        second.acquire()
    assert str(refusal.value) == (
        f"另一个工作进程（pid {os.getpid()}）正在使用 {tmp_path / 'b.db'}："
        "一个文件只能有一个工作进程，请先停止它；需要多个工作进程请改用 Kafka"
        f" / another worker (pid {os.getpid()}) is using {tmp_path / 'b.db'}: one worker per file;"
        " stop it first, or use Kafka for more workers"
    )
    first.release()
    second.acquire()
    second.release()


def test_a_killed_worker_leaves_no_lock_behind(tmp_path: Path) -> None:
    """The system gives the lock back; nobody has to remove a file."""
    program = (
        "import sys; from pathlib import Path; from streams.embedded.lock import WorkerLock;"
        "lock = WorkerLock(Path(sys.argv[1])); lock.acquire(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "b.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        lock = WorkerLock(tmp_path / "b.db")
        with pytest.raises(WorkerAlreadyRunning, match=f"pid {holder.pid}"):
            lock.acquire()
        holder.kill()
        holder.wait(10)
    lock.acquire()
    lock.release()
