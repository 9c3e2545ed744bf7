"""A thousand incidents opened at once: until the last page has left, beside a bare loop of the same provider client."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import aiohttp

from benchmarks.installation import HEADERS, Installation, crossing, parts_for
from benchmarks.pairs import EMBEDDED, KAFKA, pair
from benchmarks.provider import Provider
from benchmarks.services import size
from benchmarks.table import Row
from infra import clock
from infra.logs import configure_logging
from infra.wiring import duty_room
from responders.channels.base import Accepted, OutgoingText
from rules.decoding import decode
from rules.engine import Engine
from rules.entries import MappingStates, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.pairs import Pair
    from infra.wiring import DutyRoom
    from rules.alerts import Alert

CONCURRENCY = 16
WARM_UP = 50
WITHIN = 300.0


def run() -> Iterator[Row]:
    """Desk and pager on both databases, then the whole way on both pairs."""
    for name in (EMBEDDED, KAFKA):
        with pair(name) as where:
            yield from asyncio.run(_measure(where))


async def _measure(where: Pair) -> list[Row]:
    number = size(1000, 60)
    async with Provider() as provider:
        with (
            Installation(
                where.directory, where.broker, where.database, provider.base, points=WARM_UP + 2 * number
            ) as house,
            _logging_to(where.directory / "desk-and-pager.log"),
        ):
            room = duty_room(house.settings, house.library)
            try:
                bare, ours = await _desk_and_pager(house, room, provider, number)
            finally:
                await room.close()
            await house.all_started(*parts_for(where.broker))
            whole = await _whole_way(house, provider, range(WARM_UP + number, WARM_UP + 2 * number))
    database = where.name.partition("+")[2]
    said = f"bare, {CONCURRENCY} at once: {bare:.0f}/s"
    return [
        Row(f"{number} incidents → last page, desk + pager, {database}", f"{number / ours:.2f} s, {ours:.0f}/s", said,
            f"{ours / bare:.2f}", ">= 0.50", ours >= 0.5 * bare),
        Row(f"{number} facts as NDJSON → last page, {where.name}", f"{number / whole:.2f} s, {whole:.0f}/s", said,
            f"{whole / bare:.2f}", "", None),
    ]  # fmt: skip


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """At the level of an installation, as its processes do, into a file."""
    configure_logging("info")
    with path.open("w") as file:
        handler = logging.getLogger().handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(file)
        yield
        handler.setStream(sys.stderr)
    configure_logging("warning")


async def _desk_and_pager(house: Installation, room: DutyRoom, provider: Provider, number: int) -> tuple[float, float]:
    """Pages a second of the bare client (before and after, averaged) and of desk + pager."""
    pager = asyncio.ensure_future(room.pager.run())
    try:
        await _ours(house, room, provider, range(WARM_UP))
        await _bare(house, room, WARM_UP)
        before = await _bare(house, room, number)
        ours = await _ours(house, room, provider, range(WARM_UP, WARM_UP + number))
        after = await _bare(house, room, number)
    finally:
        pager.cancel()
        with suppress(asyncio.CancelledError):
            await pager
    return (before + after) / 2, ours


async def _ours(house: Installation, room: DutyRoom, provider: Provider, which: range) -> float:
    """From the alerts handed to the desk until the provider has the last page."""
    alerts = _alerts(house, which)
    started = time.perf_counter()
    paged = asyncio.ensure_future(_all_paged(provider, provider.paged() + len(which)))
    await room.take(alerts)
    await paged
    return len(which) / (time.perf_counter() - started)


async def _all_paged(provider: Provider, wanted: int) -> None:
    assert await provider.until(lambda: provider.paged() >= wanted, WITHIN), f"{provider.paged()} of {wanted} paged"


def _alerts(house: Installation, which: range) -> list[Alert]:
    """What the engine says of these crossings."""
    engine, states = Engine(house.library), MappingStates({})
    return [
        alert
        for offset, number in enumerate(which)
        for alert in engine.apply(
            states, Record("grain-prices", "bench", 0, offset, clock.utc_now(), 0), decode(crossing(number))
        ).alerts
    ]


async def _bare(house: Installation, room: DutyRoom, number: int) -> float:
    """The same client, as many at once, a text as long, with receipts to the same place."""
    channel = room.channels["twilio"]
    callback = f"{house.url}/webhooks/twilio/status/bare"
    text = OutgoingText("bare", "+12025550119", "粮价 / price " * 12, callback)
    left = iter(range(number))

    async def worker() -> None:
        for _ in left:
            assert isinstance(await channel.send(text), Accepted)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return number / (time.perf_counter() - started)


async def _whole_way(house: Installation, provider: Provider, which: range) -> float:
    """From the request with all facts until the provider has the last page; receipts come in meanwhile."""
    body = b"\n".join(crossing(number) for number in which)
    headers = {**HEADERS, "Content-Type": "application/x-ndjson"}
    async with aiohttp.ClientSession(headers=headers) as session:
        paged = asyncio.ensure_future(_all_paged(provider, provider.paged() + len(which)))
        started = time.perf_counter()
        async with session.post(f"{house.url}/api/v1/facts", data=body) as answer:
            assert answer.status == 202, await answer.text()
        await paged
    return len(which) / (time.perf_counter() - started)
