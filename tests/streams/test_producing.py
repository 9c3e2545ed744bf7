"""Appending from outside: an answer means that the broker has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rules import facts
from streams.producing import KafkaProducer, NotTaken, open_producer
from streams.reading import read_topic
from streams.topics import MAX_RECORD, home_partition
from tests.streams.harness import COUNTY
from tests.streams.readings import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.settings import StreamSettings
    from tests.services.kafka import KafkaServer

KEY = COUNTY.encode()
GOOD = facts.encode(reading("P01", "5.20"))


async def test_the_answer_names_the_place(settings: StreamSettings) -> None:
    """Partition of the key's murmur2 and offset, and the record lies there, headers and all."""
    async with open_producer(settings) as producer:
        place = await producer.send("grain-prices", KEY, GOOD, (("a", b"1"),))
        assert place == (home_partition(COUNTY, 4), 0)
        assert await producer.send("grain-prices", KEY, GOOD) == (place[0], 1)
    [first, _] = [r async for r in read_topic(settings, "grain-prices")]
    assert (first.key, first.value, first.headers) == (KEY, GOOD, (("a", b"1"),))


async def test_many_in_order(settings: StreamSettings) -> None:
    """Thousands at once keep their order, each with its place."""
    async with open_producer(settings) as producer:
        placed = await producer.send_many([("grain-prices", KEY, b"%d" % n, ()) for n in range(2500)])
    assert placed == [(home_partition(COUNTY, 4), n) for n in range(2500)]
    assert [r.value async for r in read_topic(settings, "grain-prices")] == [b"%d" % n for n in range(2500)]


async def test_one_bad_among_many(settings: StreamSettings, expected_errors: Callable[[str], None]) -> None:
    """One record that the broker cannot take does not take its neighbours with it."""
    too_much = b"x" * (MAX_RECORD + 1)
    bad = ("no-such-topic", KEY, GOOD, ()) if settings.embedded else ("grain-prices", KEY, too_much, ())
    async with open_producer(settings) as producer:
        placed = await producer.send_many([("grain-prices", KEY, b"1", ()), bad, ("grain-prices", KEY, b"2", ())])
    assert isinstance(placed[1], NotTaken)
    assert [r.value async for r in read_topic(settings, "grain-prices")] == [b"1", b"2"]


@pytest.mark.kafka
@pytest.mark.parametrize("settings", ["kafka"], indirect=True)
async def test_a_frozen_broker_is_not_an_answer(
    settings: StreamSettings, kafka: KafkaServer, expected_errors: Callable[[str], None]
) -> None:
    """While the broker is frozen a send is refused within its time; when it is back, the same producer goes on."""
    expected_errors("aiokafka")
    async with KafkaProducer(replace(settings, send_timeout=2.0)) as producer:
        await producer.send("grain-prices", KEY, b"0")
        kafka.pause()
        try:
            with pytest.raises(NotTaken, match="grain-prices: "):
                await producer.send("grain-prices", KEY, b"1")
        finally:
            kafka.resume()
        for _ in range(20):
            try:
                await producer.send("grain-prices", KEY, b"2")
                break
            except NotTaken:
                continue
        else:
            pytest.fail("the producer did not recover")
    values = [r.value async for r in read_topic(settings, "grain-prices")]
    assert values[0] == b"0"
    assert b"2" in values


async def test_reading_finds_everything_each_time(settings: StreamSettings) -> None:
    """One record in each partition, read thirty times: aiokafka was seen to lose the first when paused."""
    async with open_producer(settings) as producer:
        for partition in range(4):
            await producer.append("grain-prices", None, b"x", partition=partition)
    for _ in range(30):
        assert [r.partition async for r in read_topic(settings, "grain-prices")] == [0, 1, 2, 3]
