"""Workers that tests start, break and start again, and the desk they deliver to."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import topics
from streams.app import WorkerApp, build_app
from streams.broker import admin, describe
from streams.embedded import SqliteLog
from streams.errors import WorkerFailed
from streams.provision import provision
from streams.running import run_app
from streams.settings import StreamSettings
from tests.streams.engine import LineEngine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rules.alerts import Alert
    from streams.producing import Producer

COUNTY = "330723"
DEADLINE = 40.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def common(tmp_path: Path) -> dict[str, Any]:
    return {
        "county": COUNTY,
        "data_dir": str(tmp_path / "faust"),
        "group": f"t{uuid.uuid4().hex[:8]}",
        "partitions": 4,
        "commit_interval": 0.1,
        "send_timeout": 10.0,
        "session_timeout": 6.0,
        "tick_every": 3600.0,
    }


def made(settings: StreamSettings) -> StreamSettings:
    """With fresh topics: on the shared Kafka, what an earlier test left is deleted first."""
    if not settings.embedded:
        _delete_topics(settings)
    provision(settings)
    return settings


def _delete_topics(settings: StreamSettings) -> None:
    names = {spec.name for spec in topics.specs(settings)}
    client = admin(settings)
    try:
        if left := names & describe(settings).keys():
            client.delete_topics(sorted(left))
        deadline = time.monotonic() + DEADLINE
        while names & describe(settings).keys():  # deletion goes on after the broker's answer
            assert time.monotonic() < deadline
    finally:
        client.close()


class Desk:
    """Takes alerts as the incident desk does: once per identity. Can be down."""

    def __init__(self) -> None:
        self.alerts: dict[uuid.UUID, Alert] = {}
        self.deliveries: list[uuid.UUID] = []
        self.down = False
        self.refused = 0
        self.changed = asyncio.Event()

    async def deliver(self, batch: list[Alert]) -> None:
        self.changed.set()
        if self.down:
            self.refused += 1
            raise ConnectionError("the database is down")
        for alert in batch:
            self.deliveries.append(alert.id)
            self.alerts[alert.id] = alert


class Worker:
    """A running app."""

    def __init__(self, app: WorkerApp) -> None:
        self.app = app
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._task = asyncio.ensure_future(run_app(app, ready=self._ready, stop=self._stop))

    async def started(self) -> Worker:
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait({ready, self._task}, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task
        return self

    async def stop(self) -> None:
        self._stop.set()
        async with asyncio.timeout(DEADLINE):
            await self._task

    async def failure(self) -> str:
        """Why the worker ended by itself."""
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(WorkerFailed) as failed:
                await self._task
        return str(failed.value)

    async def end(self) -> None:
        if not self._task.done():
            self._stop.set()
        with contextlib.suppress(Exception):
            await self._task


class Site:
    """Starts workers, and reaches the broker from outside."""

    def __init__(self, settings: StreamSettings, producer: Producer) -> None:
        self.settings = settings
        self.producer = producer
        self.desk = Desk()
        self.workers: list[Worker] = []

    def build(self, **changes: Any) -> WorkerApp:
        return build_app(self.settings, changes.pop("engine", LineEngine()), self.desk.deliver, utc_now, **changes)

    def hurry(self, **settings: Any) -> None:
        """Change settings for the workers that are built from here on."""
        self.settings = replace(self.settings, **settings)

    async def committed(self, topic: str, partition: int) -> int | None:
        """What the broker has as committed."""
        if self.settings.embedded:
            log = SqliteLog(self.settings.log_path)
            try:
                return log.committed(self.settings.group, (topic, partition))
            finally:
                log.close()
        consumer = AIOKafkaConsumer(
            **self.settings.client_settings(), group_id=self.settings.group, enable_auto_commit=False
        )
        place = TopicPartition(topic, partition)
        await consumer.start()
        try:
            consumer.assign([place])
            return await consumer.committed(place)  # type: ignore[no-any-return]
        finally:
            await consumer.stop()

    async def start(self, app: WorkerApp | None = None) -> Worker:
        worker = Worker(app or self.build())
        self.workers.append(worker)
        return await worker.started()


async def until(fulfilled: Callable[[], object], what: str = "") -> None:
    """Wait for something observable; give the loop its turn in between."""
    async with asyncio.timeout(DEADLINE):
        while not fulfilled():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.01)
