"""The Faust app: agents for the four fact topics and for alerts, the table, the flusher. The same on both brokers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import faust

from streams import topics
from streams.broker import checked_topics, members
from streams.commits import CommitTables, Committed
from streams.counters import Counters
from streams.delivery import Deliverer
from streams.errors import StoredBeyondLog, not_heard_of, worker_id_taken
from streams.flusher import Flusher
from streams.intake import Applies, Intake
from streams.kafka_transport import Transport as KafkaTransport
from streams.progress import Pulse, Watch
from streams.sequence import Sequence
from streams.table import EntryTable
from streams.ticking import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import datetime

    from faust.types import TP, EventT, StreamT

    from streams.delivery import Deliver
    from streams.settings import StreamSettings

logger = logging.getLogger(__name__)


class WorkerApp(faust.App):
    """A Faust app with the parts of one worker. Made by `build_app`."""

    settings: StreamSettings
    counters: Counters
    committed: Committed
    watch: Watch
    pulse: Pulse
    sequence: Sequence
    table: EntryTable
    flusher: Flusher
    intake: Intake
    deliverer: Deliverer
    ticker: Ticker
    topic_ids: dict[str, str]
    failed: asyncio.Future[str]
    """Done, with the reason, once the worker must end."""
    on_fatal: Callable[[str], None] | None
    closing: bool
    is_out: bool
    """The group has put this worker out, and is asked why."""

    def fatal(self, reason: str) -> None:
        """End the worker. Nothing is acknowledged after this."""
        self.closing = True
        if not self.is_out:  # else it fails because of that, and why it is out is what people need to know
            self._end(reason)

    def _end(self, reason: str) -> None:
        if not self.failed.done():
            self.failed.set_result(reason)
            if self.on_fatal is not None:
                self.on_fatal(reason)

    def put_out(self) -> None:
        """The group does not know this worker any more. Nothing more is written; with the reason, the worker ends."""
        self.closing = self.is_out = True
        self.pulse.lost("the group has put this worker out")
        self.add_future(self._say_why_put_out())

    async def _say_why_put_out(self) -> None:
        settings = self.settings
        try:
            async with asyncio.timeout(settings.session_timeout):
                taken = settings.member in await asyncio.to_thread(members, settings)
        except Exception as failed:  # noqa: BLE001 whatever it is, the worker has to end
            self._end(f"the group has put this worker out, and does not say why: {failed!r}")
            return
        self._end(worker_id_taken(settings.worker_id) if taken else not_heard_of(settings.session_timeout))

    def FlowControlQueue(self, maxsize: int | None = None, *, clear_on_resume: bool = False) -> Any:  # noqa: N802
        """A queue of messages that is not emptied when the flow is resumed.

        Faust resumes partitions, seeks, and then empties its queues: what came in between would be gone. What an
        earlier assignment has left in the queue is told by its generation, and skipped.
        """
        del clear_on_resume
        return super().FlowControlQueue(maxsize, clear_on_resume=False)

    def begun(self, starts: Mapping[tuple[str, int], int]) -> None:
        """The consumer reads from here."""
        self.sequence.begin(starts)

    async def start(self) -> None:
        """Start, and return once recovered. Refuses a broker whose topics are not those of the installation."""
        found = await checked_topics(self.settings)
        self.topic_ids.update({name: facts.id for name, facts in found.items()})
        await super().start()

    async def on_first_start(self) -> None:
        """Start the parts that are not Faust's."""
        await super().on_first_start()
        for part in (self.flusher.run(), self.deliverer.run(), self.ticker.run(), self._watching()):
            self.add_future(part)

    async def stop(self) -> None:
        """Finish what was taken, then stop."""
        self.closing = True
        if not self.started:
            return
        self.sequence.forget()
        if not self.failed.done():
            try:
                async with asyncio.timeout(self.settings.send_timeout):
                    await self.flusher.drain()
            except TimeoutError:
                logger.warning("stopping with unfinished messages: they come again")
        await super().stop()

    async def when_revoked(self, _app: object, _revoked: set[TP], **_: object) -> None:
        """Before partitions may go elsewhere: all that was taken is durable and committed, or the worker ends."""
        self.deliverer.forget()
        if self.flusher.failed is None and not self.closing:
            await self.flusher.drain()
            await self.consumer.commit()

    async def when_recovered(self, _app: object, **_: object) -> None:
        """The table is as durable as it was, and no message has been read: is the log still the one it came from?"""
        ours = {(tp.topic, tp.partition) for tp in self.consumer.assignment()}
        self.watch.forget(ours)
        self.sequence.forget()
        applied: dict[tuple[str, int], int] = {}
        for entry in self.table.entries.values():
            for one in entry.applied:
                if self.topic_ids.get(one.topic) == one.topic_id and (one.topic, one.partition) in ours:
                    place = (one.topic, one.partition)
                    applied[place] = max(applied.get(place, -1), one.offset)
        tps = [tp for tp in self.consumer.assignment() if (tp.topic, tp.partition) in applied]
        ends = await self.consumer.highwaters(*tps) if tps else {}
        for tp, end in ends.items():
            offset = applied[tp.topic, tp.partition]
            if end is not None and offset >= end:
                refused = StoredBeyondLog(tp.topic, tp.partition, offset, end)
                self.fatal(str(refused))
                raise refused

    async def _watching(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self.settings.stall_after / 4))
            if (frozen := self.pulse.beat(loop.time())) is not None:
                self.fatal(frozen)
                return
            holding = frozenset({topics.ALERTS} if self.deliverer.holding else ())
            stalled = None if self.rebalancing else self.watch.stalled(loop.time(), holding)
            if stalled is not None:
                self.fatal(f"the worker has stalled: {stalled}")
                return


def build_app(
    settings: StreamSettings,
    engine: Applies,
    deliver_alerts: Deliver,
    clock: Callable[[], datetime],
    *,
    fatal: Callable[[str], None] | None = None,
    counters: Counters | None = None,
) -> WorkerApp:
    """A worker's app, ready to be started in the event loop that is running now.

    `deliver_alerts` returns once the desk has the alerts for good. `fatal` is called when the worker must end;
    `streams.running.run_app` notices by itself.
    """
    app = WorkerApp(settings.group, **settings.faust_settings(), Table=EntryTable, TableManager=CommitTables)
    if not settings.embedded:
        app.transport = KafkaTransport(app.conf.broker_consumer, app)
        app.producer_transport = KafkaTransport(app.conf.broker_producer, app)
    app.settings = settings
    app.on_fatal = fatal
    app.closing = app.is_out = False
    app.failed = asyncio.get_running_loop().create_future()
    app.topic_ids = {}
    app.counters = counters or Counters()
    app.committed = Committed()
    app.watch = Watch(settings.stall_after)
    app.pulse = Pulse(None if settings.embedded else settings.session_timeout)
    app.sequence = Sequence(app, settings, app.counters, app.fatal)
    app.table = cast("EntryTable", app.Table(topics.TABLE, partitions=settings.partitions))
    app.flusher = Flusher(
        app.table,
        app.counters,
        app.watch,
        app.pulse,
        app.fatal,
        timeout=settings.send_timeout,
        limit=settings.max_pending,
    )
    app.intake = Intake(settings, engine, app.table, app.flusher, app.committed, app.counters, app.topic_ids)
    app.deliverer = Deliverer(deliver_alerts, app.counters, app.watch, settings.county, settings.max_pending)
    app.ticker = Ticker(app, clock, app.counters, app.watch, every=settings.tick_every, timeout=settings.send_timeout)
    for name in topics.FACT_TOPICS:
        _agent(app, name, app.intake, app.flusher)
    _agent(app, topics.ALERTS, app.deliverer, app.deliverer)
    # Weakly: Faust knows whose handler it is by the app's address, which another may have once this one is gone.
    app.on_partitions_revoked.connect(cast("Any", app.when_revoked), weak=True)
    app.on_rebalance_complete.connect(cast("Any", app.when_recovered), weak=True)
    return app


def _agent(app: WorkerApp, name: str, taker: Intake | Deliverer, gate: Flusher | Deliverer) -> None:
    topic = app.topic(
        name,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        allow_empty=True,
        partitions=app.settings.partitions,
    )

    async def follow(stream: StreamT[Any]) -> None:
        plain = cast("Any", stream).noack()
        take = taker.take
        follows = app.sequence.follows
        async for event in plain.events():
            if app.closing:
                break
            if not follows(event.message) and not await app.sequence.look_into(event.message):
                continue
            take(plain, cast("EventT[Any]", event))
            if gate.full:
                await gate.room()
        await asyncio.Event().wait()  # an agent that returned would be started anew and acknowledge

    async def agent(stream: StreamT[Any]) -> None:
        try:
            await follow(stream)
        except Exception as failed:
            logger.exception("agent of %s", name)
            app.fatal(f"the agent of {name} failed: {failed}")
            await asyncio.Event().wait()

    app.agent(topic, name=f"streams.{name}")(cast("Callable[[StreamT[Any]], Coroutine[Any, Any, None]]", agent))
