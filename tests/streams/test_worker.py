"""The way of a fact: topic, engine, table, alert, desk; and back again after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules.entries import encode
from streams import topics
from streams.reading import read_topic
from tests.streams.engine import totals
from tests.streams.harness import COUNTY, Site, until
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.mark.kafka
@pytest.mark.parametrize("settings", ["kafka"], indirect=True)
async def test_state_that_is_written_late_undoes_nothing(site: Site) -> None:
    """A worker stopped in the middle of a write may write after the partition's new owner has."""
    worker = await site.start()
    await send(site, reading("P01", "5.20"))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 1)
    await send(site, reading("P01", "4.20", minute=1))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 2)
    await worker.stop()
    log = topics.changelog(site.settings.group)
    old, new = [record async for record in read_topic(site.settings, log) if b"P01" in (record.key or b"")]
    await site.producer.append(log, old.key, old.value or b"", partition=old.partition)

    again = await site.start()
    assert totals(again.app.table.entries) == {"P01": 2}
    assert encode(again.app.table.entries[(new.key or b"").decode()]) == new.value


@pytest.mark.kafka
@pytest.mark.parametrize("settings", ["kafka"], indirect=True)
async def test_what_waits_in_the_client_is_not_written_by_a_worker_that_was_away(
    site: Site, expected_errors: Callable[[str], None]
) -> None:
    """The clock is looked at before each request: what it had in hand is old."""
    expected_errors("flusher|Got error produce response")
    worker = await site.start()
    app = worker.app
    app.pulse.lost("away for too long")
    key = b"late"
    with pytest.raises(Exception, match="away for too long"):
        await (await app.producer.send(topics.changelog(site.settings.group), key, b"{}", 0, None, None))
    await send(site, reading("P01", "5.20"))
    assert await worker.failure() == "away for too long"
    assert not [r async for r in read_topic(site.settings, topics.changelog(site.settings.group))]
