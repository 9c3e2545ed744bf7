"""More workers than one (Kafka only): partitions move in a storm, and the totals are those of one worker."""

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

pytestmark = [pytest.mark.kafka, pytest.mark.parametrize("settings", ["kafka"], indirect=True)]


def worker_app(site: Site, name: str) -> WorkerApp:
    settings = replace(site.settings, worker_id=name, data_dir=f"{site.settings.data_dir}-{name}", session_timeout=6.0)
    return build_app(settings, LineEngine(), site.desk.deliver, utc_now)


class Storm:
    """Prices of eight counties, each crossing its line again and again, until it is over."""

    def __init__(self, site: Site) -> None:
        self.minutes = 0
        self._over = False
        self._task = asyncio.ensure_future(self._rage(site))

    async def _rage(self, site: Site) -> None:
        while not self._over:
            price = "5.20" if self.minutes % 2 else "4.00"
            prices = [reading(f"{c}/P", price, minute=self.minutes, county=c) for c in COUNTIES]
            await send(site, *prices)
            self.minutes += 1
            await asyncio.sleep(0.02)

    async def over(self) -> int:
        """How many minutes it lasted."""
        self._over = True
        await self._task
        return self.minutes


async def test_partitions_move_in_a_storm(site: Site) -> None:
    """Two workers, one joining and one leaving in the middle: nothing lost, nothing applied twice."""
    assert len({home_partition(county, 4) for county in COUNTIES}) == 4
    first = await site.start(worker_app(site, "a"))
    storm = Storm(site)
    await until(lambda: len(site.desk.alerts) > 50)
    second = await site.start(worker_app(site, "b"))
    await until(lambda: second.app.counters.acknowledged["grain-prices"] > 50)
    assert {tp.topic for tp in first.app.consumer.assignment()}, "both have a share"
    before = first.app.counters.acknowledged["grain-prices"]
    await until(lambda: first.app.counters.acknowledged["grain-prices"] > before)
    await first.stop()
    before = second.app.counters.acknowledged["grain-prices"]
    await until(lambda: second.app.counters.acknowledged["grain-prices"] > before + 50)
    minutes = await storm.over()
    await until(lambda: sum(totals(second.app.table.entries).values()) == len(COUNTIES) * minutes)
    await until(lambda: len(site.desk.alerts) == len(COUNTIES) * (minutes - 1))
    await second.stop()
    third = await site.start(worker_app(site, "c"))
    assert totals(third.app.table.entries) == {f"{county}/P": minutes for county in COUNTIES}
