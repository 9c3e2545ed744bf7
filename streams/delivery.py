"""Alerts to the incident desk: taken in batches, acknowledged only after the desk's durable write.

An alert is never dead-lettered. While the desk cannot take alerts (its database is down) they are offered again with
growing pauses, for ever, and the partition is held.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from rules import alerts
from rules.alerts import Alert, Words, pipeline_fault
from streams import topics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faust.types import EventT, StreamT

    from streams.counters import Counters
    from streams.progress import Watch

    Deliver = Callable[[list[Alert]], Awaitable[None]]

logger = logging.getLogger(__name__)

BATCH = 200
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class Deliverer:
    """Hands alerts to the desk."""

    def __init__(self, deliver: Deliver, counters: Counters, watch: Watch, county: str, limit: int) -> None:
        self.holding: str | None = None
        """Why the desk does not take alerts at present."""
        self._deliver = deliver
        self._counters = counters
        self._watch = watch
        self._county = county
        self._limit = limit
        self._waiting: list[tuple[StreamT[Any], EventT[Any], Alert]] = []
        self._noted = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def take(self, stream: StreamT[Any], event: EventT[Any]) -> None:
        """Note one message of topic `alerts`."""
        message = event.message
        self._counters.read[message.topic] += 1
        self._waiting.append((stream, event, self._read(event)))
        self._noted.set()
        if len(self._waiting) >= self._limit:
            self._room.clear()

    @property
    def full(self) -> bool:
        """Should the agent wait?"""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until there is room for more."""
        await self._room.wait()

    def forget(self) -> None:
        """Drop what waits, at a rebalance: it is unacknowledged and comes again, here or elsewhere."""
        self._waiting.clear()
        self._room.set()

    async def run(self) -> None:
        """Deliver, for as long as the worker lives."""
        while True:
            await self._noted.wait()
            self._noted.clear()
            while batch := self._waiting[:BATCH]:
                del self._waiting[: len(batch)]
                self._room.set()
                await self._hand_over([alert for _, _, alert in batch])
                now = asyncio.get_running_loop().time()
                for stream, event, _ in batch:
                    await stream.ack(event)
                    message = event.message
                    self._counters.acknowledged[message.topic] += 1
                    self._watch.finished((message.topic, message.partition), message.offset, now)

    async def _hand_over(self, batch: list[Alert]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._deliver(batch)
            except Exception as failed:
                self._counters.delivery_failures += 1
                if self.holding is None:
                    logger.exception("alerts are held: the desk does not take them")
                self.holding = repr(failed)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if self.holding is not None:
                    logger.info("alerts go out again, %d at once", len(batch))
                self.holding = None
                self._counters.delivered += len(batch)
                return

    def _read(self, event: EventT[Any]) -> Alert:
        raw = event.message.value or b""
        try:
            return alerts.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as unreadable:
            return self._unreadable(event, raw, unreadable)

    def _unreadable(self, event: EventT[Any], raw: bytes, why: Exception) -> Alert:
        """Still an alert: somebody has to look at it."""
        message = event.message
        text = raw[:1500].decode("utf-8", "replace")
        where = f"{message.topic}/{message.partition}/{message.offset}"
        logger.error("unreadable alert %s: %s", where, why)
        return pipeline_fault(
            county=self._county,
            part=topics.ALERTS,
            subject="unreadable",
            at=datetime.fromtimestamp(message.timestamp, UTC),
            explain=Words(
                zh=f"一条警报无法读取（{where}）：{why}。原文：{text}",
                en=f"An alert cannot be read ({where}): {why}. As it came: {text}",
            ),
        )
