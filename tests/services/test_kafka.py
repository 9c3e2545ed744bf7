"""The Kafka of the session: what the tests that use it rely on."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.kafka import KafkaServer

pytestmark = pytest.mark.kafka


@pytest.fixture
def topic(kafka: KafkaServer) -> Iterator[str]:
    """A topic of one partition, gone after the test."""
    name = f"services-{uuid.uuid4()}"
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    admin.wait_for_topics([name])
    admin.close()
    yield name
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.delete_topics([name])
    admin.close()


def produce(kafka: KafkaServer, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    try:
        producer.send(topic, value).get(timeout=30)
    finally:
        producer.close()


def consume(kafka: KafkaServer, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000
    )
    values = []
    for message in consumer:
        values.append(message.value)
        if len(values) == count:
            break
    consumer.close()
    return values


def test_a_message_goes_through(kafka: KafkaServer, topic: str) -> None:
    """What a real producer was told is safe, a real consumer reads."""
    produce(kafka, topic, "武义".encode())
    assert consume(kafka, topic, 1) == ["武义".encode()]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_log_survives(kafka: KafkaServer, topic: str, end: str) -> None:
    """After an orderly stop and after SIGKILL, the same address has the same messages and takes new ones."""
    produce(kafka, topic, b"before")
    getattr(kafka, end)()
    kafka.start()
    produce(kafka, topic, b"after")
    assert consume(kafka, topic, 2) == [b"before", b"after"]


def test_paused_it_acknowledges_nothing(kafka: KafkaServer, topic: str) -> None:
    """While paused nothing is acknowledged; resumed, it takes messages again."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    producer.send(topic, b"warm").get(timeout=30)
    kafka.pause()
    try:
        waiting = producer.send(topic, b"while paused")
        with pytest.raises(KafkaError):
            waiting.get(timeout=1)
    finally:
        kafka.resume()
    waiting.get(timeout=30)
    producer.close()
    assert consume(kafka, topic, 2) == [b"warm", b"while paused"]
