"""When a worker refuses to start, and how it notices that it no longer gets on."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from streams import topics
from streams.embedded import SqliteLog
from streams.errors import StreamsError
from streams.health import health, lags
from streams.producing import open_producer
from streams.progress import Pulse, Watch
from tests.streams.engine import totals
from tests.streams.harness import until
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.app import WorkerApp
    from tests.streams.harness import Site


async def test_a_log_that_lost_records_is_refused(embedded_site: Site, expected_errors: Callable[[str], None]) -> None:
    """The table knows an offset that the log does not have: a refusal that names the remedy, in both languages."""
    expected_errors("StoredBeyondLog")
    worker = await embedded_site.start()
    await send(embedded_site, *[reading("P01", "5.20", minute=m) for m in range(10)])
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 10)
    await worker.stop()
    db = sqlite3.connect(embedded_site.settings.log_path)
    db.execute("UPDATE partitions SET end_offset = 5 WHERE end_offset = 10")
    db.commit()
    db.close()
    with pytest.raises(StreamsError, match="got 9, expected below the log's end 5") as refused:
        await embedded_site.start()
    assert "日志丢失了已处理的记录" in str(refused.value)
    assert "fenghuo provision" in str(refused.value)


async def test_a_topic_made_anew_counts_from_the_start(embedded_site: Site) -> None:
    """Its offsets are new ones: facts are applied though their numbers were seen before."""
    site = embedded_site
    worker = await site.start()
    await send(site, *[reading("P01", "4.00", minute=m) for m in range(10)])
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 10)
    await worker.stop()
    log = SqliteLog(site.settings.log_path)
    log.delete_topic("grain-prices")
    log.create_topic("grain-prices", 4)
    log.close()
    again = await site.start()
    await site.producer.close()
    async with open_producer(site.settings) as producer:
        site.producer = producer
        await send(site, reading("P01", "5.20", minute=20))
        await until(lambda: site.desk.alerts)
    assert totals(again.app.table.entries) == {"P01": 11}


async def test_health_of_a_worker(site: Site) -> None:
    """Not ready before the start, ready with its partitions after, with what is finished and what waits."""
    app = site.build()
    assert health(app).why_not == "not started"
    await site.start(app)
    await send(site, *[reading("P01", "5.20", minute=m) for m in range(10)])
    await until(lambda: app.counters.acknowledged["grain-prices"] == 10)
    found = health(app)
    assert (found.ready, found.why_not, found.entries) == (True, None, 1)
    assert len(found.partitions) == 4 * 5
    assert [one.finished for one in found.partitions if one.topic == "grain-prices" and one.finished] == [9]
    await until(lambda: site.desk.alerts and app.counters.acknowledged[topics.ALERTS] == 1)
    assert set((await lags(app)).values()) == {0}


async def test_a_worker_that_stalls_ends(site: Site) -> None:
    """A tick that was appended and does not come round: the worker ends itself, naming the partition."""
    site.hurry(stall_after=1.0)
    app = site.build()
    worker = await site.start(app)
    app.consumer.stop_flow()
    app.flow_control.suspend()
    await app.ticker.tick()
    assert "stalled: " in await worker.failure()


def passing_over(app: WorkerApp, *, times: int) -> None:
    """The consumer does not hand out the second record, as Faust's was seen to do around a rebalance."""
    hand_out = app.topics.on_message
    left = times

    async def on_message(message: Any) -> None:
        nonlocal left
        if message.topic == "grain-prices" and message.offset == 1 and left > 0:
            left -= 1
            return
        await hand_out(message)

    app.topics.on_message = on_message


async def test_what_the_consumer_passes_over_is_read_once_more(site: Site) -> None:
    """A record that was never handed out, before one that was: the partition is read again, and nothing is missing."""
    app = site.build()
    passing_over(app, times=1)
    await site.start(app)
    await send(site, *[reading("P01", "5.20", minute=m) for m in range(5)])
    await until(lambda: totals(app.table.entries) == {"P01": 5})
    assert app.counters.read_again["grain-prices"] == 1
    await until(lambda: max(app.committed.offsets.values(), default=0) == 5)


async def test_what_is_passed_over_for_good_ends_the_worker(site: Site) -> None:
    """Reading again does not help: the worker ends, and nothing is committed past the hole."""
    site.hurry(stall_after=0.5)
    app = site.build()
    passing_over(app, times=10**9)
    worker = await site.start(app)
    placed = await send(site, *[reading("P01", "5.20", minute=m) for m in range(5)])
    assert "offsets 1 to 1 were passed over" in await worker.failure()
    assert await site.committed("grain-prices", placed[0][0]) in (None, 1)


async def test_offsets_without_records_are_no_loss(embedded_site: Site) -> None:
    """Retention may have removed what comes next: the worker goes on."""
    site = embedded_site
    worker = await site.start()
    await send(site, *[reading("P01", "5.20", minute=m) for m in range(3)])
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 3)
    db = sqlite3.connect(site.settings.log_path)
    db.execute("UPDATE partitions SET end_offset = 50 WHERE end_offset = 3")
    db.commit()
    db.close()
    await send(site, reading("P01", "5.20", minute=9))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 4)


def test_a_process_that_stood_still_sends_nothing_more() -> None:
    """A pause after which others may have its partitions is remembered; a shorter one is nothing.

    The session began with the last heartbeat, a quarter of it before the pause at most.
    """
    pulse = Pulse(6.0)
    assert [pulse.beat(now) for now in (0.0, 1.0, 5.5)] == [None, None, None]
    assert pulse.beat(10.1) == "stood still for 5 s, too long for its session of 6 s"
    assert pulse.beat(10.2) is not None
    forever = Pulse(None)
    assert (forever.beat(0.0), forever.beat(1e9)) == (None, None)


def test_the_watch_waits_for_a_partition_that_works() -> None:
    """Behind a backlog an offset may take long, as long as others are finished before it."""
    watch = Watch(10.0)
    place = ("grain-prices", 0)
    watch.expect(place, 100, now=0.0)
    assert watch.stalled(9.0) is None
    watch.finished(place, 50, now=9.0)
    assert watch.stalled(18.0) is None
    assert watch.stalled(20.0) == "grain-prices/0: offset 100 was not finished within 10 s"
    assert watch.stalled(20.0, frozenset({"grain-prices"})) is None
    watch.finished(place, 100, now=20.0)
    assert watch.stalled(99.0) is None


async def test_a_stop_in_a_storm_finishes_what_was_taken(site: Site) -> None:
    """Stopped in the middle of work, restarted: each reading counted once."""
    first = await site.start()
    storm = [reading(f"P{m % 7}", "5.20", minute=m) for m in range(2000)]
    sending = asyncio.ensure_future(send(site, *storm))
    await until(lambda: first.app.counters.acknowledged["grain-prices"] > 100)
    await first.stop()
    await sending
    second = await site.start()
    await until(lambda: sum(totals(second.app.table.entries).values()) == 2000)
    await until(lambda: len(site.desk.alerts) == 7)
