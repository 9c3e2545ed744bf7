"""Alerts to the desk: held while it is down, acknowledged only after it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams import topics
from streams.topics import home_partition
from tests.streams.harness import COUNTY, until
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.streams.harness import Site


async def test_a_desk_that_is_down_holds_its_partition(site: Site, expected_errors: Callable[[str], None]) -> None:
    """Nothing is acknowledged while the desk refuses; loud once; all of it goes out when it is back."""
    expected_errors("alerts are held")
    site.desk.down = True
    worker = await site.start()
    await send(site, *[reading(f"P{n:02}", "5.20", minute=n) for n in range(30)])
    await until(lambda: site.desk.refused >= 3)
    assert worker.app.deliverer.holding
    assert worker.app.counters.acknowledged[topics.ALERTS] == 0
    assert worker.app.counters.acknowledged["grain-prices"] == 30, "facts go on"
    site.desk.down = False
    await until(lambda: len(site.desk.alerts) == 30)
    await until(lambda: worker.app.counters.acknowledged[topics.ALERTS] == 30)
    assert worker.app.deliverer.holding is None
    assert len(site.desk.deliveries) == 30


async def test_a_worker_that_ends_while_the_desk_is_down(site: Site, expected_errors: Callable[[str], None]) -> None:
    """The next worker delivers what this one could not."""
    expected_errors("alerts are held")
    site.desk.down = True
    worker = await site.start()
    await send(site, reading("P01", "5.20"))
    await until(lambda: site.desk.refused)
    await worker.stop()
    assert await site.committed(topics.ALERTS, home_partition(COUNTY, 4)) is None
    site.desk.down = False
    await site.start()
    await until(lambda: site.desk.alerts)
