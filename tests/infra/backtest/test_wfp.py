"""The World Food Programme's file for China, backtested with the lines that a demonstration draws for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra import clock
from infra.backtest.history import Gathering
from infra.demo_site import COUNTY, make_file_site
from infra.site_files import mapping_file, read_library
from rules.backtest.run import backtest as run
from rules.facts import GrainPriceReading, encode
from streams.sources.files import FactFile
from streams.sources.mapping import load_mapping
from tests.end_to_end.reckoning import alerts_of
from tests.infra.backtest.world import Said, backtest

if TYPE_CHECKING:
    from pathlib import Path

    from rules.alerts import Alert


@pytest.fixture
def file(test_data: Path) -> Path:
    return test_data / "wfp_food_prices_chn.csv"


def asked(file: Path, *more: str | Path) -> Said:
    return backtest(None, "--made-site", "--mapping", "wfp_food_prices", *more, file)


def test_the_grain_plan_would_have_paged_in_2014_and_2018(file: Path) -> None:
    """Maize in Shandong and japonica rice in Yuncheng; the rest came no further than the approach band."""
    paged = [
        (one["plan"], one["place"], one["paged_at"][:10], (one["returned_at"] or "")[:10], one["severity"])
        for one in asked(file, "--json").rows("incident")
        if one["paged_at"] and one["plan"] == "grain-warning-line" and one["severity"] == "line"
    ]
    assert paged == [
        ("grain-warning-line", f"{COUNTY}/wholesale", "2014-08-15", "2014-10-15", "line"),
        ("grain-warning-line", f"{COUNTY}/wholesale", "2018-07-15", "2019-10-15", "line"),
    ]


def test_every_row_is_read(file: Path) -> None:
    """1,259 prices of seven years; the line of HXL tags is left out."""
    (history,) = asked(file, "--json").rows("history")
    assert (history["facts"], history["refused"], history["left_out"]) == (1259, {}, {"HXL tags": 1})
    assert (history["from"], history["to"]) == ("2014-01-15T12:00:00Z", "2020-10-15T12:00:00Z")


def test_its_alerts_are_those_of_the_engine_fed_by_hand(file: Path, tmp_path: Path) -> None:
    """Fact by fact, without a backtest."""
    shipped = mapping_file("wfp_food_prices")
    assert shipped
    gathering = Gathering("known", clock.utc_now())
    gathering.files([FactFile(file, mapping=load_mapping(shipped), given={"county": COUNTY})])
    readings = [fact for fact in gathering.facts() if isinstance(fact, GrainPriceReading)]
    make_file_site(tmp_path / "site", readings, "WFP")
    library, arrivals = read_library(tmp_path / "site"), gathering.history().arrivals
    by_hand = alerts_of(library, [json.loads(encode(one.fact)) for one in arrivals])
    found = [told.alert for told in run(library, arrivals).alerts]
    assert of_grain(found) == of_grain(by_hand) != []


def of_grain(alerts: list[Alert]) -> list[Alert]:
    """Those that need no tick."""
    return [alert for alert in alerts if alert.plan == "grain-warning-line"]


def test_the_report_draws_each_of_its_16_series_and_is_the_same_twice(file: Path, tmp_path: Path) -> None:
    """Byte for byte."""
    reports = [tmp_path / "a.html", tmp_path / "b.html"]
    for report in reports:
        assert asked(file, "--report", report).code == 0
    a, b = (report.read_bytes() for report in reports)
    assert a == b
    assert a.count(b"<figure>") == 16
