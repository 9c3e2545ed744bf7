"""The World Food Programme's file for China, whole, through the whole system."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from infra.demo_site import make_file_site
from infra.site_files import mapping_file
from responders import plan_store
from rules.facts import GrainPriceReading, encode
from streams.sources.base import FactRow
from streams.sources.files import FactFile
from streams.sources.mapping import load_mapping
from tests.end_to_end.fixtures import BOTH, closed, pair_of
from tests.end_to_end.phones import Phones
from tests.end_to_end.reckoning import alerts_of
from tests.end_to_end.system import System, new_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNTY = "330723"


@pytest.fixture
def file(test_data: Path) -> Path:
    return test_data / "wfp_food_prices_chn.csv"


@pytest.fixture
def readings(file: Path) -> list[GrainPriceReading]:
    """What the file says, read by the mapping that ships."""
    shipped = mapping_file("wfp_food_prices")
    assert shipped
    rows = FactFile(file, mapping=load_mapping(shipped), given={"county": COUNTY}).rows()
    return [row.fact for row in rows if isinstance(row, FactRow) and isinstance(row.fact, GrainPriceReading)]


@pytest.fixture(params=BOTH)
def market_watch(request: pytest.FixtureRequest, readings: list[GrainPriceReading]) -> Iterator[System]:
    """An installation whose points are the markets of the file."""
    directory = new_directory()
    make_file_site(directory / "site", readings, "WFP")
    system = System(directory, Phones(), pair_of(request, request.param, directory))
    try:
        yield in_force(system.provisioned().started())
    finally:
        closed(system)


def in_force(system: System) -> System:
    """Once its log has been told which plans are in force."""

    def told() -> bool:
        with system.store.read() as connection:
            return plan_store.last_number(connection) > 0 and not plan_store.untold(connection)

    system.until(told, "the plans are in force")
    return system


def test_the_file_flows_whole_and_fed_twice_it_changes_nothing(
    market_watch: System, file: Path, readings: list[GrainPriceReading]
) -> None:
    """Every price is accepted; the alerts are those of the engine alone; the second time adds none, and no text."""
    facts = [json.loads(encode(reading)) for reading in readings]
    expected = alerts_of(market_watch.library, facts, in_force_since=datetime.now(UTC))
    assert len(expected) > 5

    def feed() -> int:
        said = market_watch.fenghuo("emit", "--mapping", "wfp_food_prices", "--json", str(file))
        accepted = int(json.loads(said)["accepted"])
        market_watch.until(lambda: market_watch.finished("grain-prices") >= accepted * feeds, "all is judged", 60)
        ids = {str(alert.id) for alert in expected}
        market_watch.until(lambda: market_watch.alert_ids() >= ids, "the desk has the alerts")
        assert market_watch.alert_ids() == ids
        return accepted

    jia = market_watch.phone("甲")
    feeds = 1
    assert feed() == len(readings)
    market_watch.settled()
    still_open = map(json.loads, market_watch.fenghuo("incident", "list", "--open", "--json").splitlines())
    stands = next(one["number"] for one in still_open if one["plan"] == "grain-warning-line")
    jia.receives("【粮价预警】", f"事件{stands}，回复")
    jia.acknowledges()
    market_watch.settled()
    texts, story = jia.texts(), market_watch.fenghuo("incident", "list", "--json")

    feeds = 2
    assert feed() == len(readings)
    market_watch.settled()
    assert (jia.texts(), market_watch.fenghuo("incident", "list", "--json")) == (texts, story)
    market_watch.phones.forget()
    market_watch.assert_clean()
