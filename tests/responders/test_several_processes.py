"""Several responders on one store, and being woken across processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from responders.store import Store
from responders.wake import Wake, listen

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_a23_three_pagers_together_send_each_page_once(room: Room) -> None:
    room.usual()
    room.take(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(60)))
    others = [room.new_pager(owner=f"other-{n}") for n in range(3)]
    await asyncio.gather(*(pager.run_until_idle() for pager in others))
    times = Counter(text.page_id for text in room.network.calls)
    assert len(times) == 60
    assert set(times.values()) == {1}
    room.network.ignores("+12025550111")


async def test_a_step_that_falls_due_for_three_pagers_is_paged_once(room: Room) -> None:
    room.usual()
    await room.happens(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(20)))
    room.clock.now += timedelta(minutes=5)
    others = [room.new_pager(owner=f"other-{n}") for n in range(3)]
    await asyncio.gather(*(pager.run_until_idle() for pager in others))
    assert len(room.network.arrived["+12025550122"]) == 20
    room.network.ignores("+12025550111")
    room.network.ignores("+12025550122")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_write_of_another_process_wakes_by_notify(room: Room, database_url: str) -> None:
    wake = Wake()
    waiter = wake.waiter()
    listening = asyncio.create_task(listen(room.store.url, wake))
    assert await waiter.wait(5.0)  # it rings once when it listens
    other = Store(database_url)
    with other.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert await waiter.wait(5.0)
    other.close()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    waiter.close()


async def test_a_ring_before_the_wait_is_heard_and_a_ring_from_a_thread_too() -> None:
    wake = Wake()
    waiter = wake.waiter()
    wake.set()
    await asyncio.sleep(0)
    assert await waiter.wait(1.0)
    await asyncio.to_thread(wake.set)
    assert await waiter.wait(1.0)
    assert not await waiter.wait(0.01)
    waiter.close()
    wake.set()
    assert not await waiter.wait(0.01)
