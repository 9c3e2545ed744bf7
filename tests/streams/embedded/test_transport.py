"""What Faust meets on a log file only: one worker, no topic made silently, and a changelog kept short."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faust
import pytest

from streams.embedded import SqliteLog, UnknownTopic, WorkerAlreadyRunning, embedded_settings, log_path
from streams.embedded.records import NewRecord

DEADLINE = 20


def app_on(path: Path, topic: str = "facts", *, writes: bool = True) -> Any:
    """An app with an agent on one topic and a table, as small as they come."""
    settings = {**embedded_settings(), "datadir": path.with_suffix(""), "topic_partitions": 1}
    app = faust.App("test", broker=f"sqlite:///{path}", **settings)
    table = app.Table("state", partitions=1)
    app.seen = asyncio.Queue()

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            if writes:
                table[event.key.decode()] = event.value.decode()
            app.seen.put_nowait(event.value)

    app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"), name="agent")(agent)
    app.entries = table
    app.finalize()
    return app


async def ready(app: Any) -> None:
    await app.start()
    await asyncio.wait_for(app.tables.recovery.completed.wait(), DEADLINE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = SqliteLog(tmp_path / "broker.db")
    log.create_topic("facts", 1)
    log.close()
    return log.path


async def test_a_second_worker_does_not_start(path: Path) -> None:
    """It says who is there already; the first one is not disturbed, and gives the file up when it stops."""
    first, second = app_on(path), app_on(path)
    await ready(first)
    with pytest.raises(WorkerAlreadyRunning, match="one worker per file"):
        await second.start()
    await second.stop()
    log = SqliteLog(path)
    log.append("facts", 0, b"k", b"v")
    assert await asyncio.wait_for(first.seen.get(), DEADLINE) == b"v"
    await first.stop()
    third = app_on(path)
    await ready(third)
    await third.stop()
    log.close()


async def test_a_topic_that_is_not_there_stops_the_worker(path: Path, expected_errors: Callable[[str], None]) -> None:
    """A worker that silently reads nothing would leave the county blind."""
    expected_errors("UnknownTopic")
    app = app_on(path, topic="nowhere")
    await app.start()
    await asyncio.wait_for(app.wait_until_stopped(), DEADLINE)
    assert isinstance(app.crash_reason, UnknownTopic)
    await app.stop()


async def test_a_commit_that_fails_stops_the_worker(path: Path, expected_errors: Callable[[str], None]) -> None:
    """Faust takes it for committed whatever happens: only a restart reads the truth."""
    expected_errors("Committing offsets failed|OperationalError")
    app = app_on(path, writes=False)
    await ready(app)
    log = SqliteLog(path)
    log.append("facts", 0, b"k", b"v")
    await asyncio.wait_for(app.seen.get(), DEADLINE)
    await app.producer.flush()
    with app.transport.open().log.transaction() as db:
        db.execute("PRAGMA query_only = ON")
    await app.transport.close()
    log.append("facts", 0, b"k", b"w")
    await asyncio.wait_for(app.wait_until_stopped(), DEADLINE)
    assert isinstance(app.crash_reason, sqlite3.OperationalError)
    await app.stop()
    log.close()


async def test_a_changelog_is_compacted_before_it_is_recovered(path: Path) -> None:
    """A thousand changes of one entry are one record at the next start, and the table is the same."""
    log = SqliteLog(path)
    first = app_on(path)
    await ready(first)
    for number in range(1000):
        log.append("facts", 0, b"k", str(number).encode())
    while await asyncio.wait_for(first.seen.get(), DEADLINE) != b"999":
        continue
    await first.stop()
    assert len(log.fetch("test-state-changelog", 0, 0, 2000)) == 1000
    # What the first had not committed comes again and would be written again: recovery is looked at alone.
    second = app_on(path, writes=False)
    await ready(second)
    assert dict(second.entries) == {"k": "999"}
    await second.stop()
    [record] = log.fetch("test-state-changelog", 0, 0, 2000)
    assert (record.offset, record.value) == (999, b'"999"')
    log.close()


def test_a_killed_worker_loses_nothing(path: Path) -> None:
    """Killed with -9 twice in the middle of its work, the third finishes: every fact is copied, in order.

    Some are copied again, from the last commit on: at least once, as on Kafka.
    """
    log = SqliteLog(path)
    log.create_topic("copies", 1)
    log.append_many([NewRecord("facts", 0, b"k", str(at).encode()) for at in range(900)])
    for last in (200, 500, 899):
        command = [sys.executable, "-m", "tests.streams.embedded.worker", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            for line in worker.stdout:
                if int(line) >= last:
                    break
            worker.kill()
    copies = [int(record.value or b"") for record in log.fetch("copies", 0, 0, 10_000)]
    assert list(dict.fromkeys(copies)) == list(range(900))
    assert len(copies) < 2 * 900, "nothing was ever committed"
    log.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////var/lib/fenghuo/broker.db", "/var/lib/fenghuo/broker.db"),
        ("sqlite:///broker.db", "broker.db"),
        ("sqlite:////srv/a%20b/broker.db", "/srv/a b/broker.db"),
    ],
)
def test_the_address_names_a_file(url: str, path: str) -> None:
    """Three slashes are relative, four absolute, as for the database."""
    assert log_path(url) == Path(path)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite://host/x.db", "kafka://127.0.0.1:9092"])
def test_an_address_without_a_file_is_refused(url: str) -> None:
    """The message shows what was given and what is expected."""
    with pytest.raises(ValueError, match=f"broker: got '{url}', expected sqlite:////absolute/path.db"):
        log_path(url)
