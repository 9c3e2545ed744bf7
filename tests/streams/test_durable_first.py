"""No offset is committed before its state and alerts are durable; what was caused is said again after a crash.

The faults are put into the transport's own producer, as a broker would show them: a send whose future fails, one whose
future never comes, one that raises at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from streams import topics
from streams.reading import read_topic
from tests.streams.engine import totals
from tests.streams.harness import until
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.app import WorkerApp
    from tests.streams.harness import Site


class BrokenSend:
    """The next sends to one topic do not succeed."""

    def __init__(self, app: WorkerApp, topic: str, how: str, *, after: int = 0) -> None:
        self.app = app
        self.topic = topic
        self.how = how
        self.after = after
        self.broken = 0
        self._send = app.producer.send
        app.producer.send = self.send

    async def send(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        if topic != self.topic:
            return await self._send(topic, *args, **kwargs)
        if self.after > 0:
            self.after -= 1
            return await self._send(topic, *args, **kwargs)
        self.broken += 1
        if self.how == "raises":
            raise OSError("the broker hung up")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.how == "fails":
            future.set_exception(OSError("the broker hung up"))
        return future


def broken_topics(site: Site) -> dict[str, str]:
    return {"state": topics.changelog(site.settings.group), "alert": topics.ALERTS}


@pytest.mark.parametrize("how", ["fails", "hangs", "raises"])
@pytest.mark.parametrize("what", ["state", "alert"])
async def test_a_send_that_does_not_succeed_ends_the_worker_and_commits_nothing(
    site: Site, what: str, how: str, expected_errors: Callable[[str], None]
) -> None:
    """State or alert not durable: the worker ends itself, and a new one says the same alert, once for the desk."""
    expected_errors("CRITICAL streams.flusher")
    site.hurry(send_timeout=1.5)
    app = site.build()
    worker = await site.start(app)
    fault = BrokenSend(app, broken_topics(site)[what], how)
    placed = await send(site, *[reading("P01", "5.20", minute=m) for m in range(30)])
    reason = await worker.failure()
    assert "confirm" in reason if how == "hangs" else "hung up" in reason
    assert fault.broken
    assert app.counters.acknowledged["grain-prices"] == 0
    assert await site.committed("grain-prices", placed[0][0]) in (None, placed[0][1])
    again = await site.start()
    await until(lambda: site.desk.alerts and again.app.counters.acknowledged["grain-prices"] == 30)
    assert len(site.desk.alerts) == 1
    assert totals(again.app.table.entries) == {"P01": 30}


async def test_between_state_and_alert(site: Site, expected_errors: Callable[[str], None]) -> None:
    """Ended with the state durable and the alert not: the alert leaves after the restart, from the state's memory."""
    expected_errors("CRITICAL streams.flusher")
    app = site.build()
    worker = await site.start(app)
    BrokenSend(app, topics.ALERTS, "fails")
    await send(site, reading("P01", "5.20"))
    await worker.failure()
    changelog = topics.changelog(site.settings.group)
    kept = [r async for r in read_topic(site.settings, changelog) if b"P01" in (r.key or b"")]
    assert len(kept) == 1, "the state is durable"
    assert not [r async for r in read_topic(site.settings, topics.ALERTS)], "the alert is not"
    again = await site.start()
    await until(lambda: site.desk.alerts)
    assert totals(again.app.table.entries) == {"P01": 1}, "and the reading is not applied a second time"


async def test_between_alert_and_offset(site: Site) -> None:
    """Ended after the alert and before the offset: the alert comes twice with one identity, the desk has one."""
    app = site.build()
    worker = await site.start(app)

    async def not_committed(*_: Any, **__: Any) -> bool:
        return False

    app.consumer.commit = not_committed
    placed = await send(site, reading("P01", "5.20"))
    await until(lambda: site.desk.deliveries)
    await worker.stop()
    assert await site.committed("grain-prices", placed[0][0]) is None
    again = await site.start()
    await until(lambda: len(site.desk.deliveries) >= 2)
    assert len(site.desk.alerts) == 1
    assert totals(again.app.table.entries) == {"P01": 1}


async def test_memories_are_let_go_only_behind_the_commit(site: Site) -> None:
    """While the commit lags, an entry remembers every alert it caused; once committed, they go."""
    app = site.build()
    await site.start(app)
    commit = app.consumer.commit

    async def not_committed(*_: Any, **__: Any) -> bool:
        return False

    app.consumer.commit = not_committed
    await send(site, *[reading("P01", "5.20" if m % 2 else "4.00", minute=m) for m in range(101)])
    await until(lambda: app.counters.acknowledged["grain-prices"] == 101)
    [entry] = app.table.entries.values()
    assert len(entry.caused) == 100
    app.consumer.commit = commit
    await until(lambda: max(app.committed.offsets.values(), default=0) == 101)
    await send(site, reading("P01", "5.20", minute=200))
    await until(lambda: app.counters.acknowledged["grain-prices"] == 102)
    [entry] = app.table.entries.values()
    assert len(entry.caused) == 1
