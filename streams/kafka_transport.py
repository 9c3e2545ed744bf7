"""Faust's Kafka transport, with two corrections.

A partition starts where it was committed, also when that is its start. aiokafka's `seek_to_committed` moves only to
offsets above 0. Between Faust's resuming of partitions and its seek, records may already have been fetched and thrown
away (`clear_on_resume`): with a commit the seek brings them back, without one they are gone, and the next
acknowledgement commits past them. Seen with a worker that was ended before its first commit.

And it waits less for data. While there is nothing to read, Faust lets the broker hold its answer for 1.5 s, and has no
setting for it. Whatever else is asked on that connection waits as long: a worker that came back was two such waits
later at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from faust.transport.drivers import aiokafka

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faust.types import TP

FETCH_WAIT_MS = 100


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Asks the broker for data, and takes no for an answer sooner."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - read at its start; Faust passes 1500, always
        return consumer


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


class Transport(aiokafka.Transport):
    """Kafka, read from where it was left."""

    Consumer: ClassVar[Any] = Consumer
