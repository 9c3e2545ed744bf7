"""Several responders on one store, and being woken across processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from responders.bell import LOOK_EVERY
from responders.schema import counters
from responders.store import Store
from responders.wake import Wake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from responders.wake import Waiter
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


@pytest.fixture
async def another(room: Room) -> AsyncIterator[tuple[Store, Waiter]]:
    """A store as another process has it, and whoever is woken in this one."""
    other = Store(room.store.url)
    waiter = room.store.wake.waiter()
    listening = asyncio.create_task(room.store.listen())
    assert await waiter.wait(5.0)  # it rings once when it listens
    yield other, waiter
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    waiter.close()
    other.close()


async def test_a_write_of_another_process_wakes(another: tuple[Store, Waiter]) -> None:
    """Each of them, whatever was written here meanwhile."""
    other, waiter = another
    for _ in range(3):
        with other.write():
            pass
        assert await waiter.wait(5.0)


async def test_a_write_of_ones_own_wakes_once(room: Room, another: tuple[Store, Waiter]) -> None:
    _, waiter = another
    with room.store.write():
        pass
    assert await waiter.wait(5.0)
    assert not await waiter.wait(3 * LOOK_EVERY)


async def test_a_write_between_others_is_not_missed(room: Room, another: tuple[Store, Waiter]) -> None:
    other, waiter = another
    for _ in range(2):
        with room.store.write():
            pass
    assert await waiter.wait(5.0)
    with other.write():
        pass
    assert await waiter.wait(5.0)


async def test_a_write_that_concerns_nobody_or_was_taken_back_wakes_nobody(another: tuple[Store, Waiter]) -> None:
    other, waiter = another
    with other.write(wake=False) as connection:
        connection.execute(update(counters).values(value=counters.c.value))
    with pytest.raises(ZeroDivisionError), other.write():
        raise ZeroDivisionError
    assert not await waiter.wait(3 * LOOK_EVERY)


async def test_a_database_that_was_away_is_listened_to_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A SQLite file whose folder is not there yet. What was written meanwhile is found: it rings at once."""
    folder = tmp_path / "later"
    store = Store(f"sqlite:///{folder}/fenghuo.sqlite3")
    waiter = store.wake.waiter()
    listening = asyncio.create_task(store.listen())
    assert not await waiter.wait(0.2)
    folder.mkdir()
    assert await waiter.wait(5.0)
    assert "listener lost" in capsys.readouterr().out
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    store.close()


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
