"""Appending from outside a worker: HTTP, command line, drills. Answers only once the broker has it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from rules import facts
from streams import topics
from streams.embedded import EmbeddedProducer, LogError
from streams.embedded import Outgoing as EmbeddedOutgoing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from types import TracebackType

    from streams.settings import StreamSettings
    from streams.sources.base import Headers, Outgoing, Place

CHUNK = 1000


class NotTaken(Exception):
    """The broker did not confirm a record, and may or may not have it. Sending it again is safe: it has a name."""


class Producer(ABC):
    """What every door needs. `send` and `send_many` are `streams.sources.base.FactProducer`."""

    @abstractmethod
    async def append(
        self, topic: str, key: bytes | None, value: bytes, headers: Headers = (), partition: int | None = None
    ) -> Place:
        """Append one record, to the partition of its key unless one is given. Raises `NotTaken`."""

    @abstractmethod
    async def send_many(self, records: list[Outgoing]) -> list[Place | Exception]:
        """Send many, in order: the place of each, or why the broker did not take it."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was sent."""

    async def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Place:
        """Send one. Raises `NotTaken`."""
        return await self.append(topic, key, value, headers)

    async def broadcast(self, message: facts.Tick | facts.DrillStarted | facts.DrillEnded) -> int:
        """Append a control message to every partition of every fact topic; returns to how many."""
        return await self._everywhere([facts.encode(message)] * self._partitions)

    async def activate(self, content: str, counties: Iterable[str], at: datetime) -> int:
        """Append to every partition of every fact topic that the library `content` is in force from there on, with
        those of `counties` whose facts come to that partition; returns to how many. Raises `NotTaken` when only some
        have it: do it again then, the same library again changes nothing.
        """
        homes: list[list[str]] = [[] for _ in range(self._partitions)]
        for county in counties:
            homes[topics.home_partition(county, self._partitions)].append(county)
        messages = [facts.PlanActivated(content=content, counties=home, at=at) for home in homes]
        return await self._everywhere([facts.encode(message) for message in messages])

    async def _everywhere(self, values: list[bytes]) -> int:
        """Append to each fact topic one value a partition."""
        places = [(name, number) for name in topics.FACT_TOPICS for number in range(self._partitions)]
        sends = (self.append(name, None, values[number], partition=number) for name, number in places)
        results = await asyncio.gather(*sends, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(places)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    _partitions: int


class KafkaProducer(Producer):
    """On Kafka: connects at the first send, and again after a failure."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._partitions = settings.partitions
        self._timeout = settings.send_timeout
        self._client: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def append(
        self, topic: str, key: bytes | None, value: bytes, headers: Headers = (), partition: int | None = None
    ) -> Place:
        """Append one record."""
        try:
            async with asyncio.timeout(self._timeout):
                future = await self._start(topic, key, value, headers, partition)
                sent = await future
        except (KafkaError, TimeoutError, OSError) as failed:
            raise NotTaken(_why(topic, failed, self._timeout)) from failed
        return sent.partition, sent.offset

    async def send_many(self, records: list[Outgoing]) -> list[Place | Exception]:
        """Send many, a thousand on their way at a time."""
        placed: list[Place | Exception] = []
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            placed += await self._send_chunk(chunk)
        return placed

    async def _send_chunk(self, chunk: list[Outgoing]) -> list[Place | Exception]:
        placed: list[Place | Exception] = []
        sends: list[Any] = []
        try:
            async with asyncio.timeout(self._timeout):
                for topic, key, value, headers in chunk:
                    try:
                        sends.append(await self._start(topic, key, value, headers, None))
                    except (KafkaError, OSError) as failed:
                        sends.append(_failed(failed))
                results = await asyncio.gather(*sends, return_exceptions=True)
        except TimeoutError as late:
            results = [_settled(send) or late for send in sends] + [late] * (len(chunk) - len(sends))
        for (topic, *_), result in zip(chunk, results, strict=True):
            if isinstance(result, BaseException):
                placed.append(NotTaken(_why(topic, result, self._timeout)))
            else:
                placed.append((result.partition, result.offset))
        return placed

    async def close(self) -> None:
        """Finish what was sent, then disconnect."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()

    async def _start(
        self, topic: str, key: bytes | None, value: bytes, headers: Headers, partition: int | None
    ) -> asyncio.Future[Any]:
        client = self._client or await self._connected()
        future: asyncio.Future[Any] = await client.send(
            topic, value, key=key, partition=partition, headers=list(headers)
        )
        return future

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._client is None:
                client = AIOKafkaProducer(
                    **self._settings.client_settings(),
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=int(self._timeout * 1000),
                    max_request_size=topics.MAX_RECORD,
                )
                try:
                    await client.start()
                except BaseException:
                    await client.stop()
                    raise
                self._client = client
            return self._client


class FileProducer(Producer):
    """On the embedded broker: the file of the log."""

    def __init__(self, settings: StreamSettings) -> None:
        self._partitions = settings.partitions
        self._file = EmbeddedProducer(settings.log_path)

    async def append(
        self, topic: str, key: bytes | None, value: bytes, headers: Headers = (), partition: int | None = None
    ) -> Place:
        """Append one record."""
        try:
            return await self._file.send(topic, key, value, partition, headers)
        except (LogError, OSError) as failed:
            raise NotTaken(str(failed)) from failed
        except Exception as failed:
            raise NotTaken(f"{topic}: {failed!r}") from failed

    async def send_many(self, records: list[Outgoing]) -> list[Place | Exception]:
        """Send many: one wait for the disk, unless one of them is refused."""
        try:
            return list(await self._file.send_many(EmbeddedOutgoing(t, k, v, None, h) for t, k, v, h in records))
        except Exception:  # noqa: BLE001 which of them it was is found one by one
            return list(await asyncio.gather(*(self._one(record) for record in records)))

    async def _one(self, record: Outgoing) -> Place | Exception:
        try:
            return await self.send(*record)
        except NotTaken as refused:
            return refused

    async def close(self) -> None:
        """Finish what was sent, then close the file."""
        await self._file.close()


def open_producer(settings: StreamSettings) -> Producer:
    """The producer of the installation's broker. Close it, or use it with `async with`."""
    return FileProducer(settings) if settings.embedded else KafkaProducer(settings)


def _why(topic: str, failed: BaseException, timeout: float) -> str:
    if isinstance(failed, TimeoutError):
        return f"{topic}: the broker did not confirm within {timeout:g} s"
    return f"{topic}: {failed!r}"


def _failed(reason: Exception) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_exception(reason)
    return future


def _settled(send: asyncio.Future[Any]) -> Any:
    """What is known of a send when time is up."""
    if not send.done() or send.cancelled():
        return None
    return send.exception() or send.result()
