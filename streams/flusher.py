"""Durable first, acknowledged after: the one rule by which no alarm is lost.

Agents change the table in memory, note what they changed, and go on. The flusher takes all that is noted, writes one
changelog entry per changed key, sends the alerts, waits until every one of them is durable, and only then acknowledges
the messages that caused them. It starts as soon as something is noted, and what is noted while it waits shares the next
wait; only in a storm, when several messages have come meanwhile, it gathers a moment longer, for then most of them
change the same keys and one entry serves them all. One failed or late send ends the process, for after it nothing may
be sent or acknowledged; the messages come again, and the table remembers what they caused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from streams import topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from faust.types import EventT, StreamT

    from rules.entries import Entry
    from streams.counters import Counters
    from streams.progress import Pulse, Watch
    from streams.table import EntryTable

logger = logging.getLogger(__name__)


GATHER = 0.01
"""Seconds."""


class NewRecord(NamedTuple):
    """A record to send. Without a partition it goes where its key belongs."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class _Batch:
    events: list[tuple[StreamT[Any], EventT[Any]]] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    """Key → the partition of the event that changed it."""
    records: list[NewRecord] = field(default_factory=list)


class Flusher:
    """Makes durable what agents noted, then acknowledges it."""

    def __init__(
        self,
        table: EntryTable,
        counters: Counters,
        watch: Watch,
        pulse: Pulse,
        fatal: Callable[[str], None],
        *,
        timeout: float,
        limit: int,
    ) -> None:
        self.failed: str | None = None
        self._table = table
        self._counters = counters
        self._watch = watch
        self._pulse = pulse
        self._fatal = fatal
        self._timeout = timeout
        self._limit = limit
        self._batch = _Batch()
        self._noted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._room = asyncio.Event()
        self._room.set()

    # -- noted by agents; no awaits, so that a message and all it did are noted as one

    def change(self, key: str, entry: Entry | None, partition: int) -> None:
        """Change the table now, and its changelog at the next flush."""
        self._table.put(key, entry)
        self._batch.changed.pop(key, None)  # in the order of the last changes: what others build on is durable first
        self._batch.changed[key] = partition

    def send(self, record: NewRecord) -> None:
        """Send at the next flush."""
        self._batch.records.append(record)

    def done(self, stream: StreamT[Any], event: EventT[Any]) -> None:
        """All that `event` did is noted: acknowledge it once that is durable."""
        batch = self._batch
        if not batch.events:
            self._idle.clear()
            self._noted.set()
        batch.events.append((stream, event))
        if len(batch.events) >= self._limit:
            self._room.clear()

    @property
    def full(self) -> bool:
        """Should agents wait?"""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until there is room for more; for ever, once a send has failed."""
        await self._room.wait()

    async def drain(self) -> None:
        """Wait until all that was noted is acknowledged; for ever, once a send has failed."""
        await self._idle.wait()

    # -- the flush

    async def run(self) -> None:
        """Flush, for as long as the worker lives."""
        storm = False
        while True:
            await self._noted.wait()
            if storm:
                await asyncio.sleep(GATHER)
            self._noted.clear()
            batch, self._batch = self._batch, _Batch()
            reason = await self._flush(batch)
            if reason is not None:
                self._fail(reason)
                await asyncio.Event().wait()  # nothing more is sent or acknowledged
            storm = len(self._batch.events) > 1
            if not self._batch.events:
                self._idle.set()
            self._room.set()

    async def _flush(self, batch: _Batch) -> str | None:
        """None, or why not everything is durable."""
        loop = asyncio.get_running_loop()
        if (frozen := self._pulse.beat(loop.time())) is not None:
            return frozen
        try:
            async with asyncio.timeout(self._timeout):
                await self._make_durable(batch)
        except TimeoutError:
            return f"the broker did not confirm state and alerts within {self._timeout:g} s"
        except Exception as failed:  # noqa: BLE001 whatever it is, nothing of it may be acknowledged
            return f"sending state and alerts failed: {failed!r}"
        await self._acknowledge(batch, loop.time())
        return None

    async def _make_durable(self, batch: _Batch) -> None:
        sends: list[asyncio.Future[Any]] = []
        try:
            await self._start_sends(batch, sends)
        except BaseException:
            for send in sends:
                send.add_done_callback(_heard)
            raise
        results: list[Any] = await asyncio.gather(*sends, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._counters.entries += len(batch.changed)
        now = asyncio.get_running_loop().time()
        for sent, record in zip(results[len(batch.changed) :], batch.records, strict=True):
            if record.topic == topics.ALERTS:
                self._watch.expect((sent.topic, sent.partition), sent.offset, now)

    async def _start_sends(self, batch: _Batch, sends: list[asyncio.Future[Any]]) -> None:
        producer = self._table.app.producer
        for key, partition in batch.changed.items():
            sends.append(asyncio.ensure_future(await self._table.append(partition, key)))
        for topic, key_, value, partition_, headers in batch.records:
            future = await producer.send(topic, key_, value, partition_, None, list(headers))
            sends.append(asyncio.ensure_future(future))

    async def _acknowledge(self, batch: _Batch, now: float) -> None:
        counters = self._counters
        for stream, event in batch.events:
            await stream.ack(event)
            message = event.message
            counters.acknowledged[message.topic] += 1
            self._watch.finished((message.topic, message.partition), message.offset, now)
        counters.flushes += 1

    def _fail(self, reason: str) -> None:
        self.failed = reason
        logger.critical("flusher: %s; the process ends, and what is not acknowledged comes again", reason)
        with contextlib.suppress(Exception):
            self._fatal(reason)


def _heard(send: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more: its failure is not to be reported as unheard."""
    if not send.cancelled():
        send.exception()
