"""Every process of ours killed with -9 in the middle of a storm of 500 events: how many are lost, how many doubled.

The client then sends again what was not answered with 202, and waits until all are paged: what is missing is *lost*.
At last it sends all once more, as a client does that knows nothing: whoever has two texts now was *doubled*.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

import aiohttp

from benchmarks.installation import HEADERS, Installation, crossing, event, parts_for
from benchmarks.pairs import EMBEDDED, KAFKA, pair
from benchmarks.provider import Provider
from benchmarks.services import size
from benchmarks.table import Row
from responders.standing import standing
from responders.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.pairs import Pair

    Heard = Callable[[int], Awaitable[None]]

AT_ONCE = 8
AHEAD = 100
"""So far may the client be ahead of the pages, so that the kill finds every stage at work."""
WITHIN = 180.0
SENTINELS = 1
PENDING = ("pages_due", "pages_held", "pages_sending", "pages_uncertain")


def run() -> Iterator[Row]:
    """Both pairs, with a provider that answers and with one that is down."""
    for name in (EMBEDDED, KAFKA):
        for down in (False, True):
            with pair(name) as where:
                yield asyncio.run(_measure(where, down=down))


async def _measure(where: Pair, *, down: bool) -> Row:
    number = size(500, 60)
    async with Provider() as provider:
        with Installation(
            where.directory, where.broker, where.database, provider.base, points=number + SENTINELS
        ) as house:
            accepted, paged_at_kill = await _storm_and_kill(house, provider, parts_for(where.broker), number, down=down)
            started = time.perf_counter()
            await house.all_started(*parts_for(where.broker))
            facts = {n: fact for n, fact in enumerate(_facts(number)) if n not in accepted}
            await _send_all(house, facts)
            if down:
                await provider.start()
            everything = {event(n) for n in range(number)}
            await provider.until(lambda: everything <= {taken.event for taken in provider.taken}, WITHIN)
            lost = len(everything - {taken.event for taken in provider.taken})
            took = time.perf_counter() - started
            await _send_all(house, dict(enumerate(_facts(number + SENTINELS))))
            await provider.has(event(number))
            await _settled(house)
    texts = Counter(taken.event for taken in provider.taken if taken.event)
    doubled = sum(1 for times in texts.values() if times > 1)
    how = "provider down" if down else "storm"
    return Row(f"kill -9 of all, {how}, {number} events, {where.name}: lost / doubled", f"{lost} / {doubled}",
               f"killed at {len(accepted)} taken, {paged_at_kill} paged", f"{took:.1f} s", "0 / 0",
               lost == 0 and doubled == 0)  # fmt: skip


_known: list[bytes] = []


def _facts(number: int) -> list[bytes]:
    """The same facts each time: a fact sent again is the same fact."""
    while len(_known) < number:
        _known.append(crossing(len(_known)))
    return _known[:number]


async def _storm_and_kill(
    house: Installation, provider: Provider, parts: tuple[str, ...], number: int, *, down: bool
) -> tuple[set[int], int]:
    """Send until half is accepted and some are paged, then kill every process: what was accepted, how many paged."""
    processes = await house.all_started(*parts)
    if down:
        await provider.kill()
    accepted: set[int] = set()
    killed = asyncio.Event()

    async def heard(one: int) -> None:
        accepted.add(one)
        if killed.is_set():
            return
        if len(accepted) >= number // 2 and (down or provider.paged() >= number // 4):
            killed.set()
            for process in processes:
                process.kill()
        elif not down:
            await provider.until(lambda: len(accepted) - provider.paged() < AHEAD, WITHIN)

    await _send_all(house, dict(enumerate(_facts(number))), heard)
    assert killed.is_set()
    return accepted, provider.paged()


async def _send_all(house: Installation, facts: dict[int, bytes], heard: Heard | None = None) -> None:
    """One request a fact, some at once. Without `heard`, each has to be accepted; with it, the door may close."""
    left = iter(facts.items())
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def client() -> None:
            for number, fact in left:
                try:
                    async with session.post(f"{house.url}/api/v1/facts", data=fact) as answer:
                        assert answer.status == 202, await answer.text()
                except aiohttp.ClientError:
                    if heard is None:
                        raise
                    return
                if heard is not None:
                    await heard(number)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))


async def _settled(house: Installation) -> None:
    """Until no page is still to leave, and of none it is unknown whether it has left."""
    store = Store(house.settings.database)
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                found = await asyncio.to_thread(standing, store)
                if not any(found[state] for state in PENDING):
                    return
                await asyncio.sleep(0.2)
    finally:
        store.close()
