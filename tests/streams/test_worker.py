"""The way of a fact: topic, engine, table, alert, desk; and back again after a restart."""

from __future__ import annotations

from tests.streams.engine import totals
from tests.streams.harness import COUNTY, Site, until
from tests.streams.readings import reading, send


async def test_a_price_over_the_line_reaches_the_desk(site: Site) -> None:
    """A reading over the line becomes one alert at the desk, and the state is in the table."""
    worker = await site.start()
    await send(site, reading("P01", "5.20"))
    await until(lambda: site.desk.alerts)
    [alert] = site.desk.alerts.values()
    assert (alert.subject, alert.after, alert.county) == ("P01", "line", COUNTY)
    assert totals(worker.app.table.entries) == {"P01": 1}


async def test_state_survives_a_restart(site: Site) -> None:
    """A worker that comes back knows what the last one knew: nothing is applied twice, no alert is made twice."""
    worker = await site.start()
    await send(site, *[reading(f"P{n:02}", "5.20", minute=m) for n in range(5) for m in range(20)])
    await until(lambda: len(site.desk.alerts) == 5 and worker.app.counters.acknowledged["grain-prices"] == 100)
    await worker.stop()
    again = await site.start()
    assert totals(again.app.table.entries) == {f"P{n:02}": 20 for n in range(5)}
    await send(site, reading("P00", "4.00", minute=50))
    await until(lambda: len(site.desk.alerts) == 6)
    assert totals(again.app.table.entries)["P00"] == 21
    assert len(site.desk.deliveries) == 6
