"""Faust's Kafka transport, with four corrections.

A partition starts where it was committed, also when that is its start. aiokafka's `seek_to_committed` moves only to
offsets above 0. Between Faust's resuming of partitions and its seek, records may already have been fetched and thrown
away (`clear_on_resume`): with a commit the seek brings them back, without one they are gone, and the next
acknowledgement commits past them. Seen with a worker that was ended before its first commit.

And it waits less for data. While there is nothing to read, Faust lets the broker hold its answer for 1.5 s, and has no
setting for it. Whatever else is asked on that connection waits as long: a worker that came back was two such waits
later at work.

What was about to be written when the process was stopped is not written when it goes on after its session: the flusher
looks at the clock before it sends, but what it has sent may still wait in the client.

And a member that the group does not know any more does not join it again. Two workers under one name put each other out
every few seconds, for ever, both at work on the same partitions; and what a worker that was out for a while has in hand
is old: written now, newer state of the partitions' new owner would be lost.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest
from faust.transport.drivers import aiokafka

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faust.types import TP

FETCH_WAIT_MS = 100


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Asks the broker for data, and takes no for an answer sooner."""

    _out = False

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - read at its start; Faust passes 1500, always
        return consumer

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Give them up in good order; or, without a place in the group any more, end here."""
        put_out: Callable[[], None] | None = getattr(self.app, "put_out", None)
        if revoked and put_out is not None and not self._ensure_consumer()._coordinator.member_id:  # noqa: SLF001
            self._out = True
            self.app.loop.call_soon_threadsafe(put_out)
            raise asyncio.CancelledError  # the coordination ends, before it would join again
        await super().on_partitions_revoked(revoked)

    async def on_thread_stop(self) -> None:
        """Stop reading. A coordination that was cut off above has nothing more to say."""
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            if not self._out:
                raise


class Consumer(aiokafka.Consumer):
    """Reads from the committed offset, or else from the beginning."""

    def _new_consumer_thread(self) -> aiokafka.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go back to what is committed; where nothing is, to the first record."""
        committed = await super().seek_to_committed()
        unread = [tp for tp, offset in committed.items() if not offset and self.app.topics.acks_enabled_for(tp.topic)]
        earliest = await self.earliest_offsets(*unread) if unread else {}
        if earliest:
            await self.seek_wait(earliest)
        begun: Callable[[Mapping[tuple[str, int], int]], None] | None = getattr(self.app, "begun", None)
        if begun is not None:
            begun({(tp.topic, tp.partition): earliest.get(tp) or offset or 0 for tp, offset in committed.items()})
        return committed


class Producer(aiokafka.Producer):
    """Looks at the clock before each request, and not only before each flush."""

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer = super()._new_producer(transactional_id)
        send, beat = producer.client.send, self.app.pulse.beat  # type: ignore[attr-defined]

        async def sent(node: int, request: Any, **more: Any) -> Any:
            if isinstance(request, ProduceRequest) and (frozen := beat(asyncio.get_running_loop().time())) is not None:
                raise KafkaError(frozen)
            return await send(node, request, **more)

        producer.client.send = sent
        return producer


class Transport(aiokafka.Transport):
    """Kafka, read from where it was left, and written to only by who has the partitions."""

    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = Producer
