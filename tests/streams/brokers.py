"""The two brokers as a test sees them from outside Faust: make a topic, append, read back, ask for commits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.embedded import SqliteLog, embedded_settings

#: What is kept of a record: offset, key, value.
Kept = tuple[int, bytes | None, bytes | None]


class Broker(Protocol):
    """One broker, real in both cases."""

    settings: dict[str, Any]

    async def create_topic(self, name: str, partitions: int) -> None: ...

    async def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> int: ...

    async def read(self, topic: str, partition: int) -> list[Kept]: ...

    async def committed(self, group: str, topic: str, partition: int) -> int | None: ...


class Embedded:
    """A log file."""

    def __init__(self, path: Path) -> None:
        self.log = SqliteLog(path)
        self.settings = {**embedded_settings(), "broker": f"sqlite:///{path}", "datadir": path.with_suffix("")}

    async def create_topic(self, name: str, partitions: int) -> None:
        self.log.create_topic(name, partitions)

    async def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> int:
        return self.log.append(topic, partition, key, value)

    async def read(self, topic: str, partition: int) -> list[Kept]:
        return [(one.offset, one.key, one.value) for one in self.log.fetch(topic, partition, 0, 10_000)]

    async def committed(self, group: str, topic: str, partition: int) -> int | None:
        return self.log.committed(group, (topic, partition))

    def close(self) -> None:
        self.log.close()


class Kafka:
    """The session's Kafka broker, asked with clients of its own."""

    def __init__(self, bootstrap: str, datadir: Path) -> None:
        self.bootstrap = bootstrap
        self.settings = {**embedded_settings(), "broker": f"kafka://{bootstrap}", "datadir": datadir}

    async def create_topic(self, name: str, partitions: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])
        await admin.close()

    async def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> int:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all") as producer:
            answer = await producer.send_and_wait(topic, value, key=key, partition=partition)
            return int(answer.offset)

    async def read(self, topic: str, partition: int) -> list[Kept]:
        place = TopicPartition(topic, partition)
        found: list[Kept] = []
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap) as consumer:
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
            end = (await consumer.end_offsets([place]))[place]
            while await consumer.position(place) < end:
                one = await consumer.getone(place)
                found.append((one.offset, one.key, one.value))
        return found

    async def committed(self, group: str, topic: str, partition: int) -> int | None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        place = TopicPartition(topic, partition)
        offsets = await admin.list_consumer_group_offsets(group, partitions=[place])
        await admin.close()
        found = offsets[place].offset
        return None if found < 0 else int(found)

    def close(self) -> None:
        """Nothing is kept open."""
