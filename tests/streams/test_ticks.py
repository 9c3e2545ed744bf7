"""Ticks go to the very partitions a worker owns; control messages to every partition."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rules import decoding
from rules.facts import DrillStarted, Tick
from streams import topics
from streams.reading import read_topic
from tests.streams.harness import until

if TYPE_CHECKING:
    from tests.streams.harness import Site


def counted(site_entries: dict[str, object], kind: str) -> int:
    return sum(json.loads(key)[2] == kind for key in site_entries)


async def test_each_partition_has_its_tick(site: Site) -> None:
    """Four topics of four partitions: sixteen ticks, each applied in its own partition."""
    worker = await site.start()
    await worker.app.ticker.tick()
    await until(lambda: counted(worker.app.table.entries, "Tick") == 16)
    for topic in topics.FACT_TOPICS:
        records = [r async for r in read_topic(site.settings, topic)]
        assert [r.partition for r in records] == [0, 1, 2, 3]
        assert all(isinstance(decoding.decode(r.value or b""), Tick) for r in records)
        assert worker.app.counters.ticks[topic] == 4


async def test_ticks_go_on_by_themselves(site: Site) -> None:
    """Every `tick_every` seconds, while the worker lives."""
    site.hurry(tick_every=0.2)
    worker = await site.start()
    await until(lambda: worker.app.counters.ticks["grain-prices"] >= 8)


async def test_a_broker_that_takes_no_tick_is_no_reason_to_die(site: Site) -> None:
    """A missed tick is counted, said, and not made up."""
    worker = await site.start()
    send = worker.app.producer.send

    async def refuse(*_: object, **__: object) -> None:
        raise OSError("no")

    worker.app.producer.send = refuse
    await worker.app.ticker.tick()
    assert worker.app.counters.missed_ticks == 16
    worker.app.producer.send = send
    await worker.app.ticker.tick()
    await until(lambda: counted(worker.app.table.entries, "Tick") == 16)
    assert not worker.app.failed.done()


async def test_a_control_message_reaches_every_partition(site: Site) -> None:
    """A drill starts in all partitions of all fact topics."""
    worker = await site.start()
    started = DrillStarted(exercise="D1", source="drill", at=datetime(2026, 8, 26, tzinfo=UTC))
    assert await site.producer.broadcast(started) == 16
    await until(lambda: counted(worker.app.table.entries, "DrillStarted") == 16)
