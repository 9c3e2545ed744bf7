"""More workers than one (Kafka only): partitions move in the middle of a storm, and the totals are those of one worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from streams.app import build_app
from streams.topics import home_partition
from tests.streams.engine import LineEngine, totals
from tests.streams.harness import until, utc_now
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from streams.app import WorkerApp
    from tests.streams.harness import Site

COUNTIES = ["330701", "330702", "330703", "330723", "330726", "330727", "330781", "330782"]
READINGS = 150

pytestmark = [pytest.mark.kafka, pytest.mark.parametrize("settings", ["kafka"], indirect=True)]


def worker_app(site: Site, name: str) -> WorkerApp:
    settings = replace(
        site.settings, worker_id=name, data_dir=f"{site.settings.data_dir}-{name}", session_timeout=6.0
    )
    return build_app(settings, LineEngine(), site.desk.deliver, utc_now)


async def storm(site: Site) -> None:
    """Prices of eight counties, each crossing its line again and again."""
    for minute in range(READINGS):
        await send(
            site,
            *[
                reading(f"{county}/P", "5.20" if minute % 2 else "4.00", minute=minute, county=county)
                for county in COUNTIES
            ],
        )
        await asyncio.sleep(0.01)


async def test_partitions_move_in_a_storm(site: Site) -> None:
    """Two workers, the second joining and the first leaving in the middle: nothing lost, nothing applied twice."""
    assert len({home_partition(county, 4) for county in COUNTIES}) == 4
    first = await site.start(worker_app(site, "a"))
    storming = asyncio.ensure_future(storm(site))
    await until(lambda: len(site.desk.alerts) > 50)
    second = await site.start(worker_app(site, "b"))
    await until(lambda: second.app.counters.acknowledged["grain-prices"] > 50)
    assert first.app.consumer.assignment(), "both have a share"
    assert second.app.consumer.assignment()
    await first.stop()
    await storming
    await until(lambda: len(site.desk.alerts) == len(COUNTIES) * (READINGS - 1))
    await until(lambda: sum(totals(second.app.table.entries).values()) == len(COUNTIES) * READINGS)
    await second.stop()
    third = await site.start(worker_app(site, "c"))
    assert totals(third.app.table.entries) == {f"{county}/P": READINGS for county in COUNTIES}
