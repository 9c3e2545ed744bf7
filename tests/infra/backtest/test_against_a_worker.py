"""A topic's replay through the backtest tells what the worker that read the topic told the desk, on either broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import clock
from infra.backtest.history import Gathering
from infra.site_files import read_library
from rules.backtest.run import backtest
from rules.engine import Engine
from rules.facts import encode
from tests.infra.backtest.world import make_site, reading, year
from tests.rules.builders import COUNTY
from tests.streams.conftest import settings, site  # noqa: F401 - fixtures
from tests.streams.harness import Site, until

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "grain-prices"


async def test_a_replay_of_the_topic_tells_the_alerts_that_the_worker_delivered(site: Site, tmp_path: Path) -> None:  # noqa: F811
    """The whole way: broker, worker, engine, table, alerts, desk. Corrections and repetitions are in the topic too."""
    library = read_library(make_site(tmp_path / "site"))
    facts = [*year(), reading(70, "4.65", revision=1), *year()[:10], reading(300, "4.00", point="nowhere")]
    worker = await site.start(site.build(engine=Engine(library)))
    await site.producer.send_many([(TOPIC, COUNTY.encode(), encode(fact), ()) for fact in facts])
    await until(lambda: worker.app.counters.acknowledged[TOPIC] == len(facts))

    gathering = Gathering("reported", clock.utc_now())
    await gathering.topic(site.settings, TOPIC)
    result = backtest(library, gathering.history().arrivals)
    told = {told.alert.id: told.alert for told in result.alerts}
    await until(lambda: told.keys() <= site.desk.alerts.keys(), "the desk has them")
    of_plans = {name: alert for name, alert in site.desk.alerts.items() if alert.plan in library.plans}
    assert told == of_plans
    assert len(told) >= 4
